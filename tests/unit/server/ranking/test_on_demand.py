"""On-demand views in requests: what they are given, what is checked of them, and what their failures do."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from contract.on_demand_golden import set_golden_rows
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import InvalidRequest
from server.domain.requests import RequestContext
from server.domain.results import ServingMode
from server.domain.versions import RefusalReason, Refused
from server.ranking.inputs import InputReader
from server.ranking.on_demand import FirstFailures, check_on_demand
from server.ranking.ports import Columns, MemberRows
from tests.support import fakes

STARTS = pb.Input(name="starts", source=pb.SOURCE_MEMBER, feature_view="members", data_type=pb.DATA_TYPE_INT64)
MINUTES = pb.Input(name="minutes", source=pb.SOURCE_CLASS, feature_view="classes", data_type=pb.DATA_TYPE_INT32)
HOUR = pb.Input(name="hour", source=pb.SOURCE_CONTEXT, data_type=pb.DATA_TYPE_FLOAT64)
TIME = pb.Input(name="asked_at", source=pb.SOURCE_REQUEST_TIME, data_type=pb.DATA_TYPE_INT64)
RATIO = pb.Input(
    name="ratio",
    source=pb.SOURCE_MEMBER,
    feature_view="ratios",
    data_type=pb.DATA_TYPE_FLOAT64,
    encoding=pb.ENCODING_NUMERIC,
)
FUNCTION = """
def ratios(inputs):
    rows = zip(inputs["starts"], inputs["hour"], inputs["asked_at"])
    return {"ratio": [starts / hour + seconds if hour is not None else None for starts, hour, seconds in rows]}
"""
READ: Mapping[str, int] = {"m1": 6, "m2": 9}


class _Members:
    """Implements `MemberFeatures`: what was read of members, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, inputs: Sequence[pb.Input], member_key: str, member_ids: Sequence[str]) -> MemberRows:
        self.asked = [spec.name for spec in inputs]
        count, starts = len(member_ids), [READ.get(member) for member in member_ids]
        columns = {member_key: np.array(member_ids, dtype=object)}
        return MemberRows(
            columns, [True] * count, [ServingMode.LIVE] * count, [()] * count, values={"starts": starts}
        )


def _manifest(function: str = FUNCTION, inputs: Sequence[pb.Input] = (STARTS, HOUR, TIME)) -> pb.Manifest:
    manifest = fakes.manifest(inputs=[*fakes.INPUTS, RATIO])
    manifest.on_demand_views.add(name="ratios", source=pb.SOURCE_MEMBER, inputs=inputs, function=function)
    return manifest


def _columns(manifest: pb.Manifest, failed: Any, hours: Mapping[str, float | None]) -> Columns:
    reader = InputReader(_Members(), lambda: 1000.0, failed)
    asked = [reader.ask(manifest, m, RequestContext(features={"hour": hour})) for m, hour in hours.items()]
    return reader.read(manifest, asked).columns


def _fail(*told: object) -> None:
    raise AssertionError(told)


def test_a_request_s_context_and_time_and_the_member_s_features_are_computed_with() -> None:
    columns = _columns(_manifest(), _fail, {"m1": 2.0, "m2": 3.0, "m3": None})

    np.testing.assert_array_equal(columns["ratio"], np.array([1003, 1003, np.nan], np.float32))
    assert set(columns) == {"member_id", "surface", "moods", "request_time", "ratio"}


def test_what_only_a_view_needs_is_read_and_not_what_it_computes() -> None:
    members = _Members()
    reader, manifest = InputReader(members, lambda: 0.0), _manifest()

    reader.read(manifest, [reader.ask(manifest, "m1", RequestContext())])

    assert members.asked == ["starts", "country", "member_id"]


def test_context_that_only_a_view_needs_has_its_type() -> None:
    reader = InputReader(_Members(), lambda: 0.0)

    with pytest.raises(InvalidRequest, match=r"context.features\['hour'\]: is 'late', expected a number"):
        reader.ask(_manifest(), "m1", RequestContext(features={"hour": "late"}))


def test_a_failure_costs_a_feature_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    counted: list[tuple[str, int]] = []
    failed = FirstFailures(lambda view, rows: counted.append((view, rows)))

    for _ in range(2):
        columns = _columns(_manifest(), failed, {"m1": 0.0, "m2": 3.0, "m3": 1.0})

        np.testing.assert_array_equal(columns["ratio"], np.array([np.nan, 1003, np.nan], np.float32))
    assert counted == [("ratios", 2), ("ratios", 2)]
    (message,) = caplog.messages
    assert message.startswith("on-demand view 'ratios' failed, its features count as missing there: ZeroDivision")


def _with_golden_rows(manifest: pb.Manifest) -> pb.Manifest:
    rows: dict[str, list[Any]] = {"starts": [6, None], "hour": [2.0, None], "asked_at": [5, 5], "minutes": [1, 1]}
    set_golden_rows(manifest.on_demand_views[0], manifest.inputs, rows)
    return manifest


async def test_a_version_that_computes_what_it_did_is_accepted() -> None:
    await check_on_demand(_with_golden_rows(_manifest()))
    await check_on_demand(fakes.manifest())


def _both_sides(manifest: pb.Manifest) -> None:
    manifest.on_demand_views[0].inputs.append(MINUTES)


def _another_function(manifest: pb.Manifest) -> None:
    manifest.on_demand_views[0].function = FUNCTION.replace("+", "-")


def _no_function(manifest: pb.Manifest) -> None:
    manifest.on_demand_views[0].function = "import nowhere"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_both_sides, r"'ratios' reads features of classes .* with a cross in \[model\]"),
        (
            _another_function,
            r"'ratios' gives -2.0 for 'ratio' in golden row 0, expected \[8.0\]",
        ),
        (_no_function, "'ratios': ModuleNotFoundError: No module named 'nowhere'"),
    ],
)
async def test_a_version_that_does_not_is_refused(change: Callable[[pb.Manifest], None], message: str) -> None:
    manifest = _with_golden_rows(_manifest())
    change(manifest)

    with pytest.raises(Refused, match=message) as refused:
        await check_on_demand(manifest)

    assert refused.value.reason is RefusalReason.CONTRACT_MISMATCH
