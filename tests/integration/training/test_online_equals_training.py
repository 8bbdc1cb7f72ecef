"""What is read online at a moment is what a training row of that moment is filled with, whatever the policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Array, FeastType, Float32, Int64, String
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.policies import lacking
from contract.stubs import manifest_pb2 as pb
from features.description import describe_registry
from features.repository import feature_service, open_store
from features.view_sources import ViewSource, view_sources
from server.features.cells import Cells, ViewFeatures
from server.features.feast_registry import FeastRegistry
from server.features.members import FeastMemberFeatures
from server.features.online import OnlineFeatures
from server.features.registry import Registry
from tests.support.feature_repos import PROFILE
from training.arrow_columns import ColumnReader
from training.inputs import service_inputs, stored_by_view
from training.joins.day import FeatureFiles
from training.joins.on_duckdb import DuckDBEngine
from training.joins.sql import Window

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
TTL = timedelta(days=1)
TICK = timedelta(microseconds=1)
TTLS = {"day": TTL, "ever": timedelta(0)}
POLICIES = ("default", "last_value", "fail")
TYPES: dict[str, tuple[FeastType, dict[str, str], pa.DataType, st.SearchStrategy[Any]]] = {
    "number": (Float32, {}, pa.float32(), st.floats(width=32)),
    "count": (Int64, {"encoding": "vocabulary"}, pa.int64(), st.integers(-5, 5)),
    "text": (String, {}, pa.string(), st.sampled_from(["", "a", "b"])),
    "texts": (Array(String), {"length": "2"}, pa.list_(pa.string()), st.lists(st.sampled_from("ab"), max_size=3)),
}
FIELDS = {f"{kind}_{policy}": kind for kind in TYPES for policy in POLICIES}
MEMBERS = [f"m{number}" for number in range(6)]
AGES = st.sampled_from([timedelta(0), TICK, TTL - TICK, TTL, TTL + TICK, 2 * TTL]) | st.timedeltas(
    timedelta(0), timedelta(days=3)
)


def _row(view: str) -> st.SearchStrategy[dict[str, Any]]:
    values = {f"{view}_{name}": st.none() | TYPES[kind][3] for name, kind in FIELDS.items()}
    return st.fixed_dictionaries({"member_id": st.sampled_from(MEMBERS), "age": AGES, **values})


ROWS = {
    view: st.lists(_row(view), min_size=1, max_size=12, unique_by=lambda r: (r["member_id"], r["age"]))
    for view in TTLS
}


@dataclass
class NewestRows:
    """An online store as materialising leaves it: the newest row of each member."""

    rows: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        values: dict[str, list[Any]] = {}
        times: dict[str, list[float | None]] = {}
        for view in views:
            newest = {r["member_id"]: r for r in sorted(self.rows[view.table.name], key=lambda r: -r["age"])}
            found = [newest.get(id_) for id_ in ids]
            times[view.table.name] = [(NOW - row["age"]).timestamp() if row else None for row in found]
            values |= {f.name: [row and row[f.name] for row in found] for f in view.features}
        return Cells(values, times)


@dataclass
class Site:
    folder: Path
    inputs: Sequence[pb.Input]
    sources: Sequence[ViewSource]
    store: NewestRows
    members: FeastMemberFeatures
    engine: DuckDBEngine

    def write(self, view: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts rows into the files of a view, and the newest of each member into the online store."""
        self.store.rows[view] = rows
        columns = {f"{view}_{name}": TYPES[kind][2] for name, kind in FIELDS.items()}
        times = pa.array([NOW - row["age"] for row in rows], pa.timestamp("us", tz="UTC"))
        table = pa.table(
            {
                "member_id": [row["member_id"] for row in rows],
                "event_timestamp": times,
                **{name: pa.array([row[name] for row in rows], kind) for name, kind in columns.items()},
            }
        )
        pq.write_table(table, self.folder / f"{view}.parquet")

    def trained(self) -> dict[str, Any]:
        """Returns the columns of a training row for each member at the moment."""
        times = pa.array([NOW] * len(MEMBERS), pa.timestamp("us", tz="UTC"))
        rows = pa.table({"member_id": MEMBERS, "event_timestamp": times})
        day = FeatureFiles(self.sources).day(rows, "event_timestamp", Window(NOW - TTL / 2, NOW + TTL / 2))
        joined, reader = self.engine.table(day), ColumnReader()
        return {spec.name: reader.read(spec, joined[spec.name]) for spec in self.inputs}


def _definitions(folder: Path) -> list[Any]:
    member = Entity(name="member", join_keys=["member_id"], value_type=ValueType.STRING)
    views = [
        FeatureView(
            name=view,
            entities=[member],
            ttl=ttl,
            schema=[
                Field(
                    name=f"{view}_{name}",
                    dtype=TYPES[kind][0],
                    tags={**TYPES[kind][1], "on_missing": name.removeprefix(f"{kind}_")},
                )
                for name, kind in FIELDS.items()
            ],
            source=FileSource(
                name=f"{view}_rows", path=str(folder / f"{view}.parquet"), timestamp_field="event_timestamp"
            ),
        )
        for view, ttl in TTLS.items()
    ]
    tags = {"member_key": "member_id", "class_key": "class_id", "catalogue_view": "catalogue"}
    return [member, *views, FeatureService(name="both", features=[*views], tags=tags)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    (folder / "feature_store.yaml").write_text(PROFILE.replace("${PACELINE_DATA}", str(folder)))
    store: FeatureStore = open_store(folder, environment={})
    store.apply(_definitions(folder))
    described = service_inputs(describe_registry(store), "both", {})
    inputs = [spec for spec in described.inputs if spec.source == pb.SOURCE_MEMBER]
    wanted = stored_by_view(inputs, (), [pb.SOURCE_MEMBER])
    sources = view_sources(store, feature_service(store, "both"), wanted)
    registry, online = Registry(FeastRegistry(store)), NewestRows()
    registry.refresh()
    return Site(folder, inputs, sources, online, _members(online, registry), DuckDBEngine())


def _members(online: NewestRows, registry: Registry) -> FeastMemberFeatures:
    return FeastMemberFeatures(OnlineFeatures(online, registry, NOW.timestamp))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.fixed_dictionaries(ROWS))
def test_what_is_read_online_is_what_is_trained_on(site: Site, rows: dict[str, list[dict[str, Any]]]) -> None:
    for view, written in rows.items():
        site.write(view, written)

    trained = site.trained()
    read = site.members.read(site.inputs, "member_id", MEMBERS)

    for spec in site.inputs:
        np.testing.assert_array_equal(read.columns[spec.name], trained[spec.name], err_msg=spec.name)
    left_out = {name: lacks.tolist() for name, lacks in lacking(site.inputs, trained).items()}
    assert {name: lacks.tolist() for name, lacks in read.lacking.items()} == left_out
    assert len(left_out) == len(TTLS) * len(TYPES)
