"""Materialising the repository of this project: online equals historical, on SQLite and on Redis."""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from feast import FeatureService, FeatureStore
from redis import Redis

from features import catalogue
from features.apply import apply
from features.errors import SourceError, StoreError
from features.materialize import Materialisation, materialize
from features.repository import feature_service, load_definitions, open_store
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

REPO = Path(__file__).resolve().parents[3] / "feature_repo"
LAST_DAY = date(2026, 3, 5)
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
END = datetime(2026, 3, 6, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """A world, and the feature store over it."""

    data: Path
    store: FeatureStore

    @property
    def service(self) -> FeatureService:
        return feature_service(self.store, "ranking_v1")

    def materialize(
        self, until: date | None = None, *, rebuild: bool = False, now: datetime = NOW
    ) -> Materialisation:
        return materialize(
            REPO, self.store, self.data / "world", until=until, rebuild=rebuild, now=now, progress=_ignore
        )

    def catalogue(self, shard: str = "0") -> dict[str, Any]:
        names = ["class_ids", "generation", "shard_count"]
        rows = self.store.get_online_features([f"class_catalogue:{name}" for name in names], [{"shard": shard}])
        found = rows.to_dict()
        return {name: found[name][0] for name in names}

    def online(self, pairs: list[dict[str, str]]) -> list[dict[str, Any]]:
        found = self.store.get_online_features(self.service, pairs).to_dict()
        return [{name: values[row] for name, values in found.items()} for row in range(len(pairs))]

    def historical(self, pairs: list[dict[str, str]], time: datetime) -> list[dict[str, Any]]:
        asked = pd.DataFrame(pairs).assign(row=range(len(pairs)), event_timestamp=time)
        found = self.store.get_historical_features(asked, self.service).to_arrow().to_pylist()
        rows = sorted(found, key=lambda row: row["row"])
        return [{name: v for name, v in row.items() if name not in {"row", "event_timestamp"}} for row in rows]


def _ignore(what: str, done: int, total: int) -> None:
    assert 0 <= done <= total, what


on_both_stores = pytest.mark.parametrize("site", ["", "redis"], ids=["sqlite", "redis"], indirect=True)


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    profile = getattr(request, "param", "")
    monkeypatch.setenv("PACELINE_DATA", str(tmp_path))
    if profile:
        port = request.getfixturevalue("redis_port")
        Redis(port=port).flushall()
        monkeypatch.setenv("PACELINE_REDIS", f"127.0.0.1:{port}")
    write_world(tmp_path / "world", last_day=LAST_DAY, size=Size(days=3))
    store = open_store(REPO, profile, os.environ)
    apply(store, load_definitions(REPO))
    return Site(tmp_path, store)


@on_both_stores
def test_online_features_equal_the_historical_ones(site: Site) -> None:
    done = site.materialize()
    assert (done.until, done.end, done.built_count) == (LAST_DAY, END, 4 * 3)
    pairs = [{"member_id": f"m{number:06}", "class_id": f"c{number % 12:05}"} for number in range(20)]
    pairs.append({"member_id": "nobody", "class_id": "nothing"})
    online, historical = site.online(pairs), site.historical(pairs, END)
    assert online == historical
    assert online[0]["class_title"] == "Class 0"
    assert online[-1]["member_country"] is None
    assert any(row["member_last_classes_90d"] for row in online)


@on_both_stores
def test_the_catalogue_lists_the_live_classes_in_shards(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "SHARD_SIZE", 5)
    done = site.materialize()
    shards = [site.catalogue(str(number)) for number in range(3)]
    assert [len(shard["class_ids"]) for shard in shards] == [5, 5, 2]
    assert [class_id for shard in shards for class_id in shard["class_ids"]] == [f"c{n:05}" for n in range(12)]
    assert {shard["shard_count"] for shard in shards} == {3}
    assert {shard["generation"] for shard in shards} == {done.catalogues[0].generation}


def test_doing_it_again_computes_nothing_and_lists_the_classes_in_a_new_generation(site: Site) -> None:
    first = site.materialize()
    second = site.materialize()
    assert (second.built_count, second.end) == (0, END)
    assert site.catalogue()["generation"] == second.catalogues[0].generation > first.catalogues[0].generation


def test_the_generation_grows_though_the_clock_goes_back(site: Site) -> None:
    first = site.materialize()
    second = site.materialize(now=NOW - timedelta(hours=3))
    assert second.catalogues[0].generation == first.catalogues[0].generation + 1


@on_both_stores
def test_a_rebuilt_day_shows_online(site: Site) -> None:
    site.materialize()
    before = site.online([{"member_id": "m000001", "class_id": "c00001"}])[0]
    write_world(site.data / "world", last_day=LAST_DAY, seed=2, size=Size(days=3, impressions_per_day=200))
    assert site.materialize(rebuild=True).built_count == 4 * 3
    after = site.online([{"member_id": "m000001", "class_id": "c00001"}])[0]
    assert after["class_impressions_7d"] > before["class_impressions_7d"]


@on_both_stores
def test_days_are_added_one_by_one(site: Site) -> None:
    assert site.materialize(LAST_DAY - timedelta(days=2)).built_count == 4 * 1
    assert site.materialize(LAST_DAY).built_count == 4 * 2
    pairs = [{"member_id": "m000003", "class_id": "c00004"}]
    assert site.online(pairs) == site.historical(pairs, END)


def test_going_back_is_refused_and_changes_nothing(site: Site) -> None:
    site.materialize()
    before = site.catalogue()
    with pytest.raises(StoreError, match=r"materialised until 2026-03-06.*would overwrite newer rows"):
        site.materialize(LAST_DAY - timedelta(days=1))
    assert site.catalogue() == before


def test_a_class_that_is_no_longer_offered_leaves_when_its_last_row_is_stale(site: Site) -> None:
    site.materialize()
    write_world(site.data / "world", last_day=LAST_DAY, size=Size(classes=4, days=3))
    later = NOW + timedelta(days=4)
    assert site.materialize(LAST_DAY + timedelta(days=3), now=later).catalogues[0].class_count == 12
    assert site.materialize(LAST_DAY + timedelta(days=4), now=later).catalogues[0].class_count == 4


def test_a_day_that_is_not_over_is_refused(site: Site) -> None:
    with pytest.raises(SourceError, match="until is 2026-03-06, which is not over; expected 2026-03-05 or before"):
        site.materialize(LAST_DAY + timedelta(days=1))


def test_a_day_before_the_first_event_is_refused(site: Site) -> None:
    with pytest.raises(SourceError, match="before the first event on 2026-03-03"):
        site.materialize(date(2026, 3, 2))


def test_a_world_that_is_ahead_of_the_clock_is_materialised_as_far_as_days_are_over(site: Site) -> None:
    assert site.materialize(now=NOW - timedelta(days=1)).until == LAST_DAY - timedelta(days=1)
