"""Features of on-demand views are the same in the historical join, in serving, and in Feast's own answers."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from feast import FeatureStore
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.columns import to_column
from contract.on_demand_golden import check_golden_rows
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from features.repository import feature_service, open_store
from features.view_sources import view_sources
from server.catalogue.reader import CatalogueReader
from server.domain.requests import RequestContext
from server.domain.results import ServingMode
from server.features.feast_registry import FeastRegistry
from server.features.members import FeastMemberFeatures
from server.features.online import OnlineFeatures
from server.features.registry import Registry
from server.features.store import cell_reader
from server.ranking.inputs import InputReader
from server.ranking.ports import Columns, MemberRows
from tests.support.histories import TRAINING
from training.dataset import History, RankingDataset
from training.inputs import stored_by_view
from training.joins.day import FeatureFiles
from training.joins.on_duckdb import DuckDBEngine
from training.joins.sql import Window
from training.on_demand import ComputedColumns
from training.spec import parse_ranking_spec

pytestmark = pytest.mark.slow

MOMENT = datetime(2026, 3, 7, tzinfo=UTC)
"""The end of the last day, which is what was materialised."""
SECONDS = int(MOMENT.timestamp())
MEMBERS = [*(f"m{number:06}" for number in range(30)), "nobody"]
LENGTHS: Sequence[float | None] = [4.0, None, 0.1]


@pytest.fixture(scope="module")
def dataset(history: History) -> RankingDataset:
    dataset = RankingDataset(history, parse_ranking_spec(TRAINING, "training.toml", {}))
    dataset.load(*dataset.day_range(), lambda *_: None)
    return dataset


@pytest.fixture(scope="module")
def manifest(dataset: RankingDataset) -> pb.Manifest:
    return pb.Manifest(
        model_name="ranking",
        inputs=dataset.inputs.inputs,
        feature_source=dataset.inputs.source,
        on_demand_views=dataset.on_demand_views(),
    )


@pytest.fixture(scope="module")
def store(history: History) -> FeatureStore:
    return open_store(history.repo, environment={})


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread


def _online(store: FeatureStore) -> OnlineFeatures:
    registry = Registry(FeastRegistry(store))
    registry.refresh()
    return OnlineFeatures(cell_reader(store), registry, lambda: float(SECONDS))


def _joined(store: FeatureStore, manifest: pb.Manifest, rows: Mapping[str, Any]) -> Columns:
    """Returns what a training gives rows of the moment."""
    sides = (pb.SOURCE_MEMBER,) if "member_id" in rows else (pb.SOURCE_CLASS,)
    views = [view for view in manifest.on_demand_views if view.source in sides]
    wanted = stored_by_view(manifest.inputs, views, sides)
    times = pa.array([MOMENT] * len(next(iter(rows.values()))), pa.timestamp("us", tz="UTC"))
    files = FeatureFiles(view_sources(store, feature_service(store, "small_v1"), wanted))
    window = Window(MOMENT, MOMENT + timedelta(microseconds=1))
    table = pa.table({**rows, "event_timestamp": times})
    joined = DuckDBEngine().table(files.day(table, "event_timestamp", window))
    return ComputedColumns(views, manifest.inputs).columns(joined, np.full(len(joined), SECONDS))


def _asked() -> dict[str, list[Any]]:
    return {
        "member_id": [member for member in MEMBERS for _ in LENGTHS],
        "surface_length": [length for _ in MEMBERS for length in LENGTHS],
    }


def test_members_have_the_same_features_in_a_training_and_in_a_request(
    store: FeatureStore, manifest: pb.Manifest
) -> None:
    reader = InputReader(FeastMemberFeatures(_online(store)), lambda: 0.0)
    rows = _asked()
    asked = [
        reader.ask(manifest, member, RequestContext(features={"surface_length": length}, request_time=SECONDS))
        for member, length in zip(rows["member_id"], rows["surface_length"], strict=True)
    ]

    served = reader.read(manifest, asked).columns

    expected = _joined(store, manifest, {**rows, "surface_length": pa.array(rows["surface_length"], pa.float64())})
    assert set(expected) == {"member_pace", "member_newest"}
    for name, column in expected.items():
        np.testing.assert_array_equal(served[name], column)
        assert served[name].dtype == column.dtype
        assert len(set(column.tolist())) > 10
    assert set(served) == {spec.name for spec in manifest.inputs if spec.source not in CLASS_SIDE}


async def test_classes_have_the_same_features_in_a_training_and_in_a_snapshot(
    store: FeatureStore, manifest: pb.Manifest, executor: Executor
) -> None:
    snapshot = await CatalogueReader(_online(store), executor, lambda: float(SECONDS)).load(manifest)

    expected = _joined(store, manifest, {"class_id": list(snapshot.class_ids)})["class_hours"]
    np.testing.assert_array_equal(snapshot.columns["class_hours"], expected)
    assert len(set(expected.tolist())) == 3
    minutes = snapshot.features["class_minutes"]
    assert snapshot.features["class_hours"].tolist() == [found / 60 for found in minutes]
    assert snapshot.feature_types["class_hours"] == pb.DATA_TYPE_FLOAT64


def test_feast_itself_gives_the_same(store: FeatureStore, manifest: pb.Manifest) -> None:
    rows = {name: column[::3] for name, column in _asked().items()}
    names = ["member_pace", "member_newest"]
    entities = [
        {"member_id": member, "surface_length": length, "request_time": SECONDS}
        for member, length in zip(rows["member_id"], rows["surface_length"], strict=True)
    ]

    online = store.get_online_features([f"now_of_member:{name}" for name in names], entities).to_dict()

    expected = _joined(store, manifest, rows)
    specs = {spec.name: spec for spec in manifest.inputs}
    for name in names:
        np.testing.assert_array_equal(to_column(specs[name], online[name]), expected[name])


def test_a_training_s_golden_rows_are_given_again(manifest: pb.Manifest) -> None:
    for view in manifest.on_demand_views:
        check_golden_rows(view, manifest.inputs)
        assert all(len(column.list_value.values) > 10 for column in view.golden_outputs.fields.values())


_TYPES: Mapping[str, tuple["pb.DataType.ValueType", pa.DataType, st.SearchStrategy[Any]]] = {
    "text": (pb.DATA_TYPE_STRING, pa.string(), st.text(max_size=3)),
    "small": (pb.DATA_TYPE_INT32, pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "whole": (pb.DATA_TYPE_INT64, pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "single": (pb.DATA_TYPE_FLOAT32, pa.float32(), st.floats(width=32)),
    "double": (pb.DATA_TYPE_FLOAT64, pa.float64(), st.floats()),
    "flag": (pb.DATA_TYPE_BOOL, pa.bool_(), st.booleans()),
    "texts": (pb.DATA_TYPE_STRING_LIST, pa.list_(pa.string()), st.lists(st.text(max_size=3), max_size=3)),
    "vector": (pb.DATA_TYPE_FLOAT32_LIST, pa.list_(pa.float32()), st.lists(st.floats(width=32), max_size=3)),
}
_SHOWN = """
def shown(inputs):
    rows = list(zip(*inputs.values()))
    if any(row[4] is not None and row[4] > 1e6 for row in rows):
        raise OverflowError(rows)
    return {"shown": [repr(row) for row in rows]}
"""
_INPUTS = [
    pb.Input(name=name, source=pb.SOURCE_MEMBER, feature_view="members", data_type=data_type)
    for name, (data_type, _, _) in _TYPES.items()
]
_SHOWN_MANIFEST = pb.Manifest(
    inputs=[
        pb.Input(
            name="shown",
            source=pb.SOURCE_MEMBER,
            feature_view="view",
            data_type=pb.DATA_TYPE_STRING,
            encoding=pb.ENCODING_VOCABULARY,
        )
    ],
    on_demand_views=[pb.OnDemandView(name="view", source=pb.SOURCE_MEMBER, inputs=_INPUTS, function=_SHOWN)],
)


class _Cells:
    """Implements `MemberFeatures` with values that were read."""

    def __init__(self, values: Mapping[str, Sequence[Any]]) -> None:
        self._values = values

    def read(self, inputs: Sequence[pb.Input], member_key: str, member_ids: Sequence[str]) -> MemberRows:  # noqa: ARG002
        count = len(member_ids)
        return MemberRows({}, [True] * count, [ServingMode.LIVE] * count, [()] * count, values=self._values)


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(*(st.none() | values for _, _, values in _TYPES.values())), min_size=1, max_size=5))
def test_a_function_sees_the_same_of_any_cells_in_both(rows: list[tuple[Any, ...]]) -> None:
    """It fails for some, together with which the others are computed."""
    values = {name: list(column) for name, column in zip(_TYPES, zip(*rows, strict=True), strict=True)}
    table = pa.table({name: pa.array(values[name], kind) for name, (_, kind, _) in _TYPES.items()})
    reader = InputReader(_Cells(values), lambda: 0.0)
    asked = [reader.ask(_SHOWN_MANIFEST, "m", RequestContext()) for _ in rows]

    served = reader.read(_SHOWN_MANIFEST, asked).columns["shown"]

    computed = ComputedColumns(_SHOWN_MANIFEST.on_demand_views, _SHOWN_MANIFEST.inputs)
    assert served.tolist() == computed.columns(table, np.zeros(len(rows), np.int64))["shown"].tolist()


def test_without_rows_the_golden_rows_are_samples(dataset: RankingDataset) -> None:
    """Such as of a training on served rows, which do not have what was computed from."""
    for view in ComputedColumns(dataset.inputs.on_demand_views, dataset.inputs.inputs).messages():
        check_golden_rows(view, dataset.inputs.inputs)
        assert all(len(column.list_value.values) == 3 for column in view.golden_outputs.fields.values())


def test_rows_that_a_view_fails_for_are_told(history: History) -> None:
    dataset = RankingDataset(history, parse_ranking_spec(TRAINING, "training.toml", {}))
    views = dataset.inputs.on_demand_views
    views[0].function = "def f(inputs):\n    return {'member_pace': [1 / 0], 'member_newest': []}"
    computed = ComputedColumns(views, dataset.inputs.inputs)

    joined = pa.table({"member_starts_2d": [1, 2], "member_last_classes_2d": [["a"], []], "class_minutes": [1, 2]})
    columns = computed.columns(joined, np.zeros(2, np.int64))

    assert np.isnan(columns["member_pace"]).all()
    assert columns["class_hours"].tolist() == np.array([1 / 60, 2 / 60], np.float32).tolist()
    (warning,) = computed.warnings()
    assert warning == (
        "On-demand view 'now_of_member' failed for 2 rows, where its features count as missing: "
        "ZeroDivisionError: division by zero."
    )
