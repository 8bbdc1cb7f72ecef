from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.cells import fresh_rows
from contract.columns import to_column
from contract.policies import age_limit, lacking
from contract.stubs import manifest_pb2 as pb

DAY = 86_400
KINDS = {
    "number": partial(pb.Input, data_type=pb.DATA_TYPE_FLOAT32, encoding=pb.ENCODING_NUMERIC),
    "count": partial(pb.Input, data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_VOCABULARY),
    "text": partial(pb.Input, data_type=pb.DATA_TYPE_STRING, encoding=pb.ENCODING_VOCABULARY),
    "texts": partial(pb.Input, data_type=pb.DATA_TYPE_STRING_LIST, encoding=pb.ENCODING_VOCABULARY, list_length=2),
    "numbers": partial(pb.Input, data_type=pb.DATA_TYPE_FLOAT32_LIST, encoding=pb.ENCODING_NUMERIC, list_length=2),
}


def _input(kind: str, policy: "pb.MissingPolicy.ValueType") -> pb.Input:
    return KINDS[kind](name=kind, missing_policy=policy)


@given(age=st.floats(0, 1e9), ttl=st.just(0) | st.integers(1, 10**9))
def test_only_a_last_value_counts_however_old_it_is(age: float, ttl: int) -> None:
    is_fresh = fresh_rows([age], ttl)
    assert fresh_rows([age], age_limit(ttl, pb.MISSING_POLICY_UNSPECIFIED)) == is_fresh
    assert fresh_rows([age], age_limit(ttl, pb.MISSING_POLICY_FAIL)) == is_fresh
    assert fresh_rows([age], age_limit(ttl, pb.MISSING_POLICY_LAST_VALUE)) == [True]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("number", [0.0, None, float("inf")], [False, True, True]),
        ("count", [0, None, -1], [False, True, False]),
        ("text", ["a", None, ""], [False, True, True]),
        ("texts", [["a"], None, []], [False, True, True]),
        ("numbers", [[None, 1.0], None, [float("nan")]], [False, True, True]),
    ],
)
def test_a_row_lacks_what_has_no_value_and_may_not_be_missing(
    kind: str, values: list[object], expected: list[bool]
) -> None:
    spec = _input(kind, pb.MISSING_POLICY_FAIL)
    found = lacking([spec], {kind: to_column(spec, values)})
    assert {name: mask.tolist() for name, mask in found.items()} == {kind: expected}


@pytest.mark.parametrize("policy", [pb.MISSING_POLICY_UNSPECIFIED, pb.MISSING_POLICY_LAST_VALUE])
def test_under_other_policies_nothing_is_lacking(policy: "pb.MissingPolicy.ValueType") -> None:
    spec = _input("number", policy)
    assert lacking([spec], {"number": np.array([np.nan], np.float32)}) == {}
