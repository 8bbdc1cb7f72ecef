"""How members are split between labels."""

import math
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.labels import DEFAULT_LABEL
from server.ranking.arms import pick_arm

MEMBERS = st.text()
WEIGHTS = st.dictionaries(st.text(max_size=3), st.integers(0, 100), max_size=5)
SOME_MEMBERS = [f"m{number:06}" for number in range(20_000)]


@pytest.mark.parametrize(
    ("member_id", "tenth", "four"),
    [
        ("m000001", "stable", "c"),
        ("m000002", "stable", "ü"),
        ("m000004", "stable", "b"),
        ("m000005", "canary", "c"),
        ("m000007", "stable", "b"),
        ("m000008", "stable", "a"),
        ("m000010", "canary", "c"),
        ("m000025", "canary", "c"),
        ("", "stable", "c"),
        ("é", "stable", "a"),
        ("日本", "stable", "ü"),
    ],
)
def test_a_member_has_the_same_label_for_ever(member_id: str, tenth: str, four: str) -> None:
    """Were one of these to change, members would change their model with a release of the server."""
    assert pick_arm(member_id, {"stable": 90, "canary": 10}) == tenth
    assert pick_arm(member_id, {"a": 1, "b": 1, "c": 2, "ü": 4}) == four


@given(MEMBERS, WEIGHTS)
def test_a_label_of_weight_0_has_no_member_and_without_another_the_default_label_has_all(
    member_id: str, weights: dict[str, int]
) -> None:
    weighty = {label for label, weight in weights.items() if weight}
    assert pick_arm(member_id, weights) in (weighty or {DEFAULT_LABEL})


@given(MEMBERS, WEIGHTS, st.randoms())
def test_the_order_of_the_labels_does_not_matter(member_id: str, weights: dict[str, int], order: Random) -> None:
    shuffled = list(weights.items())
    order.shuffle(shuffled)
    assert pick_arm(member_id, dict(shuffled)) == pick_arm(member_id, weights)


@given(MEMBERS, WEIGHTS, st.text(max_size=3), st.integers(1, 100))
def test_more_weight_moves_members_into_that_label_only(
    member_id: str, weights: dict[str, int], label: str, more: int
) -> None:
    before = pick_arm(member_id, weights)
    after = pick_arm(member_id, {**weights, label: weights.get(label, 0) + more})
    assert after in {before, label}
    assert before != label or after == label


@given(MEMBERS, WEIGHTS.filter(bool), st.data())
def test_removing_a_label_moves_only_its_own_members(
    member_id: str, weights: dict[str, int], data: st.DataObject
) -> None:
    removed = data.draw(st.sampled_from(sorted(weights)))
    left = {label: weight for label, weight in weights.items() if label != removed}
    before = pick_arm(member_id, weights)
    assert before == removed or not any(left.values()) or pick_arm(member_id, left) == before


@pytest.mark.parametrize(
    "weights",
    [
        {"stable": 1, "canary": 1},
        {"stable": 99, "canary": 1},
        {"a": 1, "aa": 2, "ab": 3, "b": 4},
        {str(number): 1 for number in range(10)},
    ],
)
def test_each_label_has_its_share_of_the_members(weights: Mapping[str, int]) -> None:
    picked = [pick_arm(member_id, weights) for member_id in SOME_MEMBERS]
    for label, weight in weights.items():
        share = weight / sum(weights.values())
        deviation = math.sqrt(len(picked) * share * (1 - share))
        assert abs(picked.count(label) - len(picked) * share) < 4 * deviation


def test_labels_split_the_members_of_one_another_evenly() -> None:
    """Whether a member prefers b to c says nothing of whether it prefers a to d."""
    among_b = [member_id for member_id in SOME_MEMBERS if pick_arm(member_id, {"b": 1, "c": 1}) == "b"]
    with_a = sum(pick_arm(member_id, {"a": 1, "d": 1}) == "a" for member_id in among_b)
    assert abs(with_a - len(among_b) / 2) < 4 * math.sqrt(len(among_b) / 4)


def test_a_label_and_an_id_are_not_taken_for_a_longer_label_and_a_shorter_id() -> None:
    """If they were, "a" with "am1" and "aa" with "m1" would be equal, and one member would follow another."""
    followers = sum(
        pick_arm(f"a{member_id}", {"a": 1, "b": 1}) == pick_arm(member_id, {"aa": 1, "ba": 1})[0]
        for member_id in SOME_MEMBERS
    )
    assert abs(followers - len(SOME_MEMBERS) / 2) < 4 * math.sqrt(len(SOME_MEMBERS) / 4)
