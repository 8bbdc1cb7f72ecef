"""The whole loop in real processes: features, training, publishing, serving, and a newer version."""

import asyncio
import shutil
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from contract.columns import to_column
from contract.manifest import read_manifest, write_manifest
from contract.served import FOLDER, INPUTS, served_files
from contract.stubs import manifest_pb2 as pb
from features.repository import open_store
from paceline import (
    AsyncPacelineClient,
    PacelineClient,
    RetryPolicy,
    Unavailable,
    between,
    from_feature_value,
    recommend_request,
)
from paceline.v1.model_service_pb2 import REFUSAL_REASON_FILE_CHANGED, ModelVersionStatus
from paceline.v1.recommendation_service_pb2 import MEMBER_STATUS_UNKNOWN
from tests.support.documents import commands
from tests.support.site import MEMBER_COUNT, ROOT, YESTERDAY, Site
from training.arrow_columns import ColumnReader
from training.saved_model import load_scorer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MOMENT = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
NO_RETRY = RetryPolicy(attempts=1)
UNKNOWN = ["nobody", "m999999"]


@pytest.fixture(scope="module")
def first_client(first_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PacelineClient]:
    """Asks a server of the first version, which no test changes."""
    log = tmp_path_factory.mktemp("first") / "log"
    with first_site.serving(log) as (_, address), PacelineClient(address, timeout=10) as client:
        client.wait_until_serving(timeout=120)
        yield client


def test_recommendations_are_the_best_of_the_whole_catalogue_and_pass_the_filters(
    first_client: PacelineClient,
) -> None:
    ranked = first_client.recommend_classes("m000001", page_size=80)
    scores = [row.score for row in ranked.classes]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == ranked.candidate_count > 50
    asked = first_client.score_classes("m000001", [row.class_id for row in ranked.classes[:5]])
    assert [row.score for row in asked.classes] == pytest.approx(scores[:5], abs=1e-6)
    few = first_client.recommend_classes(
        "m000001", filters=[between("class_minutes", 10, 20)], class_feature_names=["class_minutes"]
    )
    assert few.classes
    for row in few.classes:
        minutes = from_feature_value(row.class_features[0])
        assert isinstance(minutes, int | float)
        assert 10 <= minutes <= 20


def test_a_batch_of_all_members_is_answered_as_each_of_them_alone(first_client: PacelineClient) -> None:
    members = [f"m{number:06d}" for number in range(1, MEMBER_COUNT + 1)]
    requests = [recommend_request(member, page_size=5, request_time=MOMENT) for member in members]
    found = dict(first_client.batch_recommend_classes(requests))
    assert sorted(found) == list(range(MEMBER_COUNT))
    for place in range(0, MEMBER_COUNT, 50):
        alone = first_client.recommend_classes(members[place], page_size=5, request_time=MOMENT)
        scores = [row.score for row in alone.classes]
        assert [row.score for row in found[place].classes] == pytest.approx(scores, abs=1e-6)


def test_served_scores_equal_the_saved_model_on_the_stored_features(
    first_site: Site, first_client: PacelineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of members, unknown ones among them, to 1e-5."""
    version = first_site.models / "ranking" / "1"
    score = tf.saved_model.load(str(version)).signatures["serving_default"]
    members = [f"m{number:06d}" for number in range(1, MEMBER_COUNT + 1)] + UNKNOWN
    monkeypatch.setenv("PACELINE_DATA", first_site.env["PACELINE_DATA"])
    catalogue = first_client.recommend_classes(UNKNOWN[0], page_size=1000)
    class_ids = sorted(ranked.class_id for ranked in catalogue.classes)[::8]
    columns = stored_columns(read_manifest(version), members, class_ids)
    expected = score(**{name: tf.constant(column) for name, column in columns.items()})["score"].numpy()
    for member, scores in zip(members, expected.reshape(len(members), -1), strict=True):
        answer = first_client.score_classes(member, class_ids, request_time=MOMENT)
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


def test_sigterm_answers_what_was_accepted_logs_it_and_ends_well(site: Site, tmp_path: Path) -> None:
    """Scoring the logged inputs with the SavedModel gives the logged scores, and the log can be compared."""
    flags = ("--log-served", "1")
    with (
        site.serving(tmp_path / "log", *flags) as (server, address),
        PacelineClient(address, retry=NO_RETRY) as client,
    ):
        client.wait_until_serving(timeout=120)
        with ThreadPoolExecutor(8) as threads:
            calls = [threads.submit(client.recommend_classes, f"m{n:06d}", timeout=10) for n in range(64)]
            calls[0].result()
            server.send_signal(signal.SIGTERM)
            errors = [error for call in calls if (error := call.exception())]
        assert [error for error in errors if not isinstance(error, Unavailable)] == []
        answered = [call.result() for call in calls if not call.exception()]
        assert server.wait(timeout=30) == 0
    files = served_files(site.root / "data" / FOLDER)
    rows = pa.concat_tables(pq.ParquetFile(file.path).read() for file in files)
    assert {answer.request_id for answer in answered} <= set(rows["request_id"].to_pylist())
    version = site.models / "ranking" / "1"
    reader, inputs = ColumnReader(), rows[INPUTS].combine_chunks()
    specs = read_manifest(version).inputs
    columns = {spec.name: reader.read(spec, pa.chunked_array([inputs.field(spec.name)])) for spec in specs}
    scores = load_scorer(version)(columns)
    np.testing.assert_allclose(scores, rows["score"].to_numpy(), atol=1e-5)
    for words in commands((ROOT / "docs" / "served-log.md").read_text(encoding="utf-8")):
        two_days = ("--days", "2")  # the last counts; midnight may have passed since
        assert site.paceline(*words[1:], *two_days, "--models", site.models, check=False).returncode in (0, 3)
