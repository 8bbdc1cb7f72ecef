"""The table `[gate]`."""

from typing import Any

import pytest

from training.errors import SpecError
from training.gate.spec import GateSpec


def test_what_is_left_out_takes_its_default() -> None:
    assert GateSpec.from_mapping({"auc_tolerance": 0}) == GateSpec(auc_tolerance=0)
    assert GateSpec.from_mapping({"slices": ["surface"]}).slices == ("surface",)
    assert GateSpec.from_mapping({}).slices is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"auc": 0.1}, "gate: unknown key 'auc', expected one of slices, slice_rows"),
        ({"auc_tolerance": "0.1"}, "gate.auc_tolerance is '0.1', expected a number"),
        ({"auc_tolerance": True}, "gate.auc_tolerance is True, expected a number"),
        ({"auc_tolerance": float("nan")}, "gate.auc_tolerance is nan, expected 0.0 to 0.5"),
        ({"slice_rows": 10.5}, "gate.slice_rows is 10.5, expected a whole number"),
        ({"slice_rows": 0}, "gate.slice_rows is 0, expected 1 to"),
        ({"lowest_calibration": 1.1}, "gate.lowest_calibration is 1.1, expected 0.0 to 1.0"),
        ({"slices": "surface"}, "gate.slices is 'surface', expected a list of input names"),
        ({"slices": [1]}, r"gate.slices is \(1,\), expected a list of input names"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        GateSpec.from_mapping(table)
