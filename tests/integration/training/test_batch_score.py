"""`paceline batch-score`: what it writes is what the version would rank."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from contract.columns import to_column
from contract.manifest import read_manifest
from contract.stubs import manifest_pb2 as pb
from features.errors import RepositoryError, StoreError
from features.offline_service import OfflineService
from features.repository import feature_service, open_store
from server.catalogue.ranked_lists import ParquetLists
from server.ranking.ports import RankedList
from tests.support.histories import ROWS, TRAINING, write_history
from tests.support.on_demand import on_demand_files, with_on_demand
from training.batch_score import run
from training.batch_score.known import KnownFeatures
from training.batch_score.run import Target, batch_score
from training.dataset import History, RankingDataset
from training.errors import DataError
from training.exclusive import only_writer
from training.model.fit import fit
from training.publish import publish
from training.saved_model import load_scorer
from training.spec import parse_ranking_spec

pytestmark = pytest.mark.slow

MOMENT = datetime(2026, 3, 7, tzinfo=UTC)
"""The end of the last day, which is what was materialised."""
TOP = 5
VIEW = """
recommended = view("recommended", member, 2, ranked_class_ids=Array(String), ranked_scores=Array(Float32),
    ranking_version=Int64)
service"""


class Site(NamedTuple):
    history: History
    models: Path

    @property
    def version_dir(self) -> Path:
        return self.models / "ranking" / "1"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A history with a published version, whose service names a view of recommendations. Not to be changed."""
    folder = tmp_path_factory.mktemp("site")
    definitions = with_on_demand().replace("\nservice", VIEW, 1).replace("OBJECTS = [", "OBJECTS = [recommended, ")
    definitions = definitions.replace('"catalogue"}', '"catalogue", "recommendations_view": "recommended"}')
    history = write_history(folder, {**on_demand_files(ROWS), "definitions.py": definitions})
    spec = parse_ranking_spec(TRAINING, "training.toml", {})
    dataset = RankingDataset(history, spec)
    table = dataset.load(*dataset.day_range(), lambda *_: None)
    model = fit(dataset.inputs.inputs, table, table, spec.model, lambda *_: None)
    manifest = pb.Manifest(
        model_name="ranking",
        inputs=dataset.inputs.inputs,
        feature_source=dataset.inputs.source,
        on_demand_views=dataset.on_demand_views(),
    )
    publish(folder / "models", manifest, lambda directory, _: model.export(directory))
    return Site(history, folder / "models")


def _run(site: Site, out: Path, *words: str) -> dict[str, Any]:
    flags = ["--repo", site.history.repo, "--models", site.models, "--out", out, "--top", TOP, "--json", *words]
    result = CliRunner().invoke(app, ["batch-score", *map(str, flags)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def _score(site: Site, out: Path, moment: datetime | None = None, shard_size: int = 8) -> tuple[int, int]:
    """Returns how many shards there are, and how many were scored."""
    target = Target(out, moment, TOP, shard_size=shard_size)
    scored = batch_score(site.history.repo, "", site.version_dir, target, lambda *_: None)
    return scored.shard_count, scored.scored_shard_count


def _all_scores(site: Site) -> Mapping[str, Mapping[str, float]]:
    """Returns the score of every class for every member, of what Feast says was known at the moment."""
    manifest = read_manifest(site.version_dir)
    members = [f"m{number:06}" for number in range(30)]
    classes = [f"c{number:05}" for number in range(15)]
    pairs = pd.DataFrame(list(product(members, classes)), columns=["member_id", "class_id"])
    pairs["event_timestamp"], pairs["request_time"] = MOMENT, int(MOMENT.timestamp())
    pairs["surface_length"] = None
    store = open_store(site.history.repo, environment={})
    service = feature_service(store, "small_v1")
    known = store.get_historical_features(pairs, features=service, filter_by_created_timestamp=True).to_arrow()
    values = {name: known[name].to_pylist() for name in known.column_names}
    values |= {"request_time": [int(MOMENT.timestamp())] * len(pairs), "surface": [None] * len(pairs)}
    scores = load_scorer(site.version_dir)({i.name: to_column(i, values[i.name]) for i in manifest.inputs})
    found: dict[str, dict[str, float]] = {}
    for member, class_id, score in zip(values["member_id"], values["class_id"], scores.tolist(), strict=True):
        found.setdefault(member, {})[class_id] = score
    return found


def test_the_best_classes_of_every_member_are_those_of_the_version(site: Site, tmp_path: Path) -> None:
    document = _run(site, tmp_path)

    assert (document["version"], document["member_count"], document["class_count"]) == (1, 30, 15)
    assert document["moment"] == str(MOMENT)
    expected = _all_scores(site)
    rows = pq.read_table(tmp_path / "shard-00000.parquet").to_pylist()
    assert [row["member_id"] for row in rows] == sorted(expected)
    for row in rows:
        scores = expected[row["member_id"]]
        best = sorted(scores.values(), reverse=True)[:TOP]
        np.testing.assert_allclose(row["ranked_scores"], best, atol=1e-5)
        np.testing.assert_allclose([scores[class_id] for class_id in row["ranked_class_ids"]], best, atol=1e-5)
        assert (row["ranking_version"], row["event_timestamp"]) == (1, MOMENT)


def test_who_lacks_what_may_not_be_missing_is_left_out(site: Site) -> None:
    specs = {spec.name: spec for spec in read_manifest(site.version_dir).inputs}
    specs["member_starts_2d"].missing_policy = pb.MISSING_POLICY_FAIL
    sources = OfflineService(site.history.repo, "", "small_v1").sources({"activity": {"member_starts_2d"}})
    inputs = [specs["member_id"], specs["member_starts_2d"]]
    known = KnownFeatures(inputs, (), "member_id", sources, MOMENT)
    members = [*(f"m{number:06}" for number in range(30)), "nobody"]

    found, columns = known.rankable(members)

    starts = known.columns(members)["member_starts_2d"]
    assert found == [name for name, count in zip(members, starts, strict=True) if not np.isnan(count)]
    assert 0 < len(found) < len(members)
    assert columns["member_id"].tolist() == found


def _version_that_requires(site: Site, folder: Path, name: str) -> Site:
    """Publishes the version again, as if a feature of its members were one that may not be missing."""
    manifest = read_manifest(site.version_dir)
    next(spec for spec in manifest.inputs if spec.name == name).missing_policy = pb.MISSING_POLICY_FAIL

    def write(directory: Path, _manifest: pb.Manifest) -> None:
        shutil.copytree(site.version_dir, directory, dirs_exist_ok=True)

    publish(folder, manifest, write)
    return Site(site.history, folder)


def test_who_is_left_out_is_counted_and_nobody_left_is_an_error(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "check_registered", lambda *_: None)
    members = [*(f"m{number:06}" for number in range(30)), "nobody"]
    monkeypatch.setattr(OfflineService, "members", lambda *_: members)
    strict = _version_that_requires(site, tmp_path / "starts", "member_starts_2d")
    for _ in range(2):
        document = _run(strict, tmp_path / "out")
        assert (document["member_count"], document["left_out_member_count"]) == (30, 1)
        assert pq.read_table(tmp_path / "out")["member_id"].to_pylist() == members[:-1]
        assert (document["class_count"], document["left_out_class_count"]) == (15, 0)

    nobody = _version_that_requires(site, tmp_path / "surface", "surface")
    with pytest.raises(DataError, match="no member has all of surface, which may not be missing, at 2026-03-07"):
        _run(nobody, tmp_path / "out")


def test_a_server_finds_the_list_of_each_member(site: Site, tmp_path: Path) -> None:
    _score(site, tmp_path)
    rows = [row for path in sorted(tmp_path.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]

    with ThreadPoolExecutor(1) as thread:
        lists = ParquetLists(tmp_path, thread)
        found = [asyncio.run(lists.find("member_id", row["member_id"])) for row in rows]

    assert found == [RankedList(row["ranked_class_ids"], row["ranked_scores"], 1) for row in rows]
    assert len(found) == 30


def test_shards_that_are_there_are_kept(site: Site, tmp_path: Path) -> None:
    assert _score(site, tmp_path) == (4, 4)
    (tmp_path / "shard-00001.parquet").unlink()
    (tmp_path / "shard-00002.parquet").write_bytes(b"PAR1 cut")
    (tmp_path / ".shard-00003.parquet.partial").write_bytes(b"PAR1")

    assert _score(site, tmp_path) == (4, 2)
    members = pq.read_table(tmp_path)["member_id"].to_pylist()
    assert members == [f"m{number:06}" for number in range(30)]
    assert not list(tmp_path.glob(".*.partial"))

    assert _score(site, tmp_path) == (4, 0)
    assert _score(site, tmp_path, moment=datetime(2026, 3, 6, tzinfo=UTC), shard_size=30) == (1, 1)
    assert [path.name for path in tmp_path.glob("*.parquet")] == ["shard-00000.parquet"]


def test_the_online_store_holds_what_was_written(site: Site, tmp_path: Path) -> None:
    _run(site, tmp_path, "--online")

    rows = pq.read_table(tmp_path / "shard-00000.parquet").to_pylist()
    store = open_store(site.history.repo, environment={})
    features = [f"recommended:{name}" for name in ("ranked_class_ids", "ranked_scores", "ranking_version")]
    online = store.get_online_features(features, [{"member_id": row["member_id"]} for row in rows]).to_dict()
    for name in ("ranked_class_ids", "ranked_scores", "ranking_version"):
        assert online[name] == [row[name] for row in rows]
    with pytest.raises(StoreError, match="view 'recommended' is materialised until 2026-03-07"):
        _run(site, tmp_path, "--online", "--day", "2026-03-05")


def test_a_service_without_a_view_of_recommendations_is_named(site: Site, tmp_path: Path) -> None:
    store = open_store(site.history.repo, environment={})
    service = feature_service(store, "small_v1")
    tags = dict(service.tags)
    service.tags = {**tags, "recommendations_view": "nowhere"}
    store.registry.apply_feature_service(service, store.project)
    try:
        with pytest.raises(RepositoryError, match="'small_v1': recommendations_view is 'nowhere', expected a"):
            _run(site, tmp_path, "--online")
    finally:
        service.tags = tags
        store.registry.apply_feature_service(service, store.project)


def test_a_moment_without_features_is_refused(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no member has a fresh row at 2026-04-02T00:00:00\+00:00; --day"):
        _run(site, tmp_path, "--day", "2026-04-01")
    assert not list(tmp_path.iterdir())


def test_a_folder_has_one_writer(site: Site, tmp_path: Path) -> None:
    with only_writer(tmp_path), pytest.raises(DataError, match="another run writes into"):
        _run(site, tmp_path)


def test_features_that_changed_since_the_version_are_named(site: Site, tmp_path: Path) -> None:
    manifest = read_manifest(site.version_dir)
    for spec in manifest.inputs:
        spec.ttl_seconds *= 2
    publish(tmp_path, manifest, lambda *_: None)

    with pytest.raises(DataError, match="reads 'member_starts_2d' as feature service 'small_v1' no longer has it"):
        batch_score(site.history.repo, "", tmp_path / "ranking" / "1", Target(tmp_path / "out"), lambda *_: None)


def test_a_function_that_changed_since_the_version_is_named(site: Site, tmp_path: Path) -> None:
    manifest = read_manifest(site.version_dir)
    manifest.on_demand_views[0].function += "\n"
    publish(tmp_path, manifest, lambda *_: None)

    with pytest.raises(DataError, match=r"computes on-demand view '.*' otherwise than it is registered"):
        batch_score(site.history.repo, "", tmp_path / "ranking" / "1", Target(tmp_path / "out"), lambda *_: None)
