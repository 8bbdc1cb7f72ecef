"""The profiles in a manifest are those of the rows that were trained on."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import to_column
from contract.distributions import InputTally
from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import number, request_time, text, texts, vector, whole
from training.report.profiles import input_profiles
from training.report.statistics import summarise

INPUTS = [number("number"), vector("vector", 2), text("text"), texts("texts", 2), whole("whole"), request_time()]
ROW = st.fixed_dictionaries(
    {
        "number": st.none() | st.floats(width=32),
        "vector": st.lists(st.floats(width=32, allow_nan=False), max_size=2),
        "text": st.none() | st.text(max_size=2),
        "texts": st.lists(st.text(max_size=1), max_size=3),
        "whole": st.none() | st.integers(-3, 3),
        "request_time": st.just(1),
    }
)


@given(st.lists(ROW, min_size=1, max_size=40))
def test_rows_are_as_their_own_profiles_say(rows: list[dict[str, Any]]) -> None:
    columns = {spec.name: to_column(spec, [row[spec.name] for row in rows]) for spec in INPUTS}
    specs = {spec.name: spec for spec in INPUTS}
    profiles = list(input_profiles(summarise(INPUTS, columns, np.ones(len(rows), np.float32))))

    assert {profile.input_name for profile in profiles} == set(specs) - {"request_time"}
    for profile in profiles:
        tally = InputTally(specs[profile.input_name], pb.InputProfile.FromString(profile.SerializeToString()))
        tally.add(columns[profile.input_name])
        assert tally.missing_share == pytest.approx(profile.missing_share)
        assert tally.stability_index() == pytest.approx(0, abs=1e-9)
        assert tally.jensen_shannon() == pytest.approx(0, abs=1e-9)
