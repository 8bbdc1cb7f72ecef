"""The whole loop in real processes: features, training, publishing, serving, and a newer version."""

import asyncio
import shutil
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from contract.columns import to_column
from contract.manifest import read_manifest, write_manifest
from contract.stubs import manifest_pb2 as pb
from features.repository import open_store
from paceline import AsyncPacelineClient, PacelineClient, RetryPolicy, Unavailable
from paceline.v1.model_service_pb2 import REFUSAL_REASON_FILE_CHANGED, ModelVersionStatus
from paceline.v1.recommendation_service_pb2 import MEMBER_STATUS_UNKNOWN
from tests.support.site import MEMBER_COUNT, ROOT, YESTERDAY, Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site"), pytest.mark.timeout(600)]

MOMENT = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
NO_RETRY = RetryPolicy(attempts=1)
UNKNOWN = ["nobody", "m999999"]


def test_recommendations_are_the_best_of_the_whole_catalogue_and_pass_the_filters(
    site: Site, tmp_path: Path
) -> None:
    with site.serving(tmp_path / "log") as (_, address), PacelineClient(address) as client:
        client.wait_until_serving(timeout=120)
        ranked = site.document("recommend", "m000001", "--address", address, "--page-size", 80)
        scores = [row["score"] for row in ranked["classes"]]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == ranked["candidate_count"] > 50
        ids = [row["class_id"] for row in ranked["classes"][:5]]
        asked = site.document("score", "m000001", *ids, "--address", address)
        assert [row["score"] for row in asked["classes"]] == pytest.approx(scores[:5], abs=1e-6)
        few = site.document(
            "recommend",
            "m000001",
            "--address",
            address,
            "--filter",
            "class_minutes=10..20",
            "--show",
            "class_minutes",
        )
        assert all(10 <= row["features"]["class_minutes"] <= 20 for row in few["classes"])


def test_served_scores_equal_the_saved_model_on_the_stored_features(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of members, unknown ones among them, to 1e-5."""
    version = site.models / "ranking" / "1"
    score = tf.saved_model.load(str(version)).signatures["serving_default"]
    members = [f"m{number:06d}" for number in range(1, MEMBER_COUNT + 1)] + UNKNOWN
    monkeypatch.setenv("PACELINE_DATA", site.env["PACELINE_DATA"])
    with site.serving(tmp_path / "log") as (_, address), PacelineClient(address) as client:
        client.wait_until_serving(timeout=120)
        catalogue = client.recommend_classes(UNKNOWN[0], page_size=1000, timeout=10)
        class_ids = sorted(ranked.class_id for ranked in catalogue.classes)[::8]
        columns = stored_columns(read_manifest(version), members, class_ids)
        expected = score(**{name: tf.constant(column) for name, column in columns.items()})["score"].numpy()
        for member, scores in zip(members, expected.reshape(len(members), -1), strict=True):
            answer = client.score_classes(member, class_ids, request_time=MOMENT, timeout=10)
            assert [scored.class_id for scored in answer.classes] == class_ids
            served = np.array([scored.score for scored in answer.classes])
            np.testing.assert_allclose(served, scores, atol=1e-5)
            assert member not in UNKNOWN or answer.member_status == MEMBER_STATUS_UNKNOWN


def stored_columns(
    manifest: pb.Manifest, members: Sequence[str], class_ids: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Reads the features of every pair from the online store by Feast's own interface."""
    source = manifest.feature_source
    pairs = [{source.member_key: m, source.class_key: c} for m in members for c in class_ids]
    store = open_store(ROOT / "feature_repo", "")
    service = store.get_feature_service(source.feature_service)
    found: dict[str, list[Any]] = store.get_online_features(features=service, entity_rows=pairs).to_dict()
    found["request_time"] = [int(MOMENT.timestamp())] * len(pairs)
    nothing = [None] * len(pairs)
    return {spec.name: to_column(spec, found.get(spec.name, nothing)) for spec in manifest.inputs}


async def test_a_newer_version_takes_over_without_a_failed_request(site: Site, tmp_path: Path) -> None:
    with site.serving(tmp_path / "log") as (_, address):
        async with AsyncPacelineClient(address, retry=NO_RETRY) as client:
            await client.wait_until_serving(timeout=120)
            training = asyncio.create_task(asyncio.to_thread(site.train, YESTERDAY))
            versions: list[int] = []
            async with asyncio.timeout(300):
                while not versions or versions[-1] != 2:
                    answer = await client.recommend_classes(f"m{len(versions) % 300:06d}", timeout=10)
                    versions.append(answer.model_version.version)
            assert (await training)["version"] == 2
    assert set(versions) == {1, 2}
    assert versions == sorted(versions)


def test_a_broken_version_is_refused_with_its_reason_and_the_old_one_serves_on(site: Site, tmp_path: Path) -> None:
    with site.serving(tmp_path / "log") as (_, address), PacelineClient(address) as client:
        client.wait_until_serving(timeout=120)
        first, aside = site.models / "ranking" / "1", tmp_path / "aside"
        shutil.copytree(first, aside)
        manifest = read_manifest(first)
        manifest.version = 2
        write_manifest(aside, manifest)
        weights = next(aside.rglob("variables.data*"))
        weights.write_bytes(weights.read_bytes()[:-1])
        aside.rename(site.models / "ranking" / "2")
        refused = wait_until_refused(client, 2)
        assert refused.refusal_reason == REFUSAL_REASON_FILE_CHANGED
        assert weights.name in refused.refusal_message
        assert client.recommend_classes("m000001", timeout=10).model_version.version == 1
        listed = site.paceline("models", "list", "--address", address, "--models", site.models)
        assert "FILE_CHANGED" in listed.stdout


def wait_until_refused(client: PacelineClient, version: int) -> ModelVersionStatus:
    """Asks on and on; the test's timeout is the limit."""
    while True:
        for status in client.get_model_status("ranking").versions:
            if status.model_version.version == version and status.refusal_reason:
                return status


def test_sigterm_answers_what_was_accepted_and_ends_well(site: Site, tmp_path: Path) -> None:
    with site.serving(tmp_path / "log") as (server, address), PacelineClient(address, retry=NO_RETRY) as client:
        client.wait_until_serving(timeout=120)
        with ThreadPoolExecutor(8) as threads:
            calls = [threads.submit(client.recommend_classes, f"m{n:06d}", timeout=10) for n in range(64)]
            calls[0].result()
            server.send_signal(signal.SIGTERM)
            errors = [error for call in calls if (error := call.exception())]
        assert [error for error in errors if not isinstance(error, Unavailable)] == []
        assert server.wait(timeout=30) == 0
