"""What the log knows of how far the served is from the trained."""

import pytest

from contract.distributions import LEAST_COUNT
from contract.stubs import manifest_pb2 as pb
from server.served_log.rows import RowMaker
from server.served_log.tallies import InputFigures, Tallies
from tests.support.served import catalogue, manifest, served

CLASSES = catalogue([{"class_text": "a"}, {"class_text": "b"}])
PROFILES = [
    pb.InputProfile(input_name="member_number", edges=[1.0], shares=[0.5, 0.5]),
    pb.InputProfile(input_name="class_text", values=["a"], shares=[0.5, 0.5]),
]


def add(tallies: Tallies, count: int, version: int = 3, number: float | None = 0.0) -> None:
    model = manifest(version, PROFILES)
    answers = [served(f"r{place}", model, CLASSES, member_number=number) for place in range(count)]
    tallies.add(model, RowMaker(model).rows(answers))


def figures(tallies: Tallies) -> dict[tuple[int, str], InputFigures]:
    return {(found.version, found.input_name): found for found in tallies.figures()}


def test_members_are_counted_once_for_each_answer_and_classes_each() -> None:
    """So with half as many answers as needed, each of two classes, only these are told."""
    tallies = Tallies()
    add(tallies, LEAST_COUNT // 2)
    assert list(figures(tallies)) == [(3, "class_text")]
    add(tallies, LEAST_COUNT // 2)
    assert list(figures(tallies)) == [(3, "member_number"), (3, "class_text")]


def test_what_moved_is_told_from_what_did_not() -> None:
    tallies = Tallies()
    add(tallies, LEAST_COUNT)
    add(tallies, LEAST_COUNT, number=None)
    found = figures(tallies)
    assert found[3, "member_number"].stability_index > 0.25
    assert found[3, "member_number"].null_share == 0.5
    assert found[3, "class_text"].stability_index == pytest.approx(0, abs=1e-9)


def test_the_past_counts_less_and_less() -> None:
    tallies = Tallies(most=2 * LEAST_COUNT)
    add(tallies, LEAST_COUNT, number=None)
    for _ in range(8):
        add(tallies, LEAST_COUNT)
    assert 0 < figures(tallies)[3, "member_number"].null_share < 1 / 16


def test_versions_that_no_longer_answer_are_forgotten() -> None:
    tallies = Tallies()
    for version in (1, 2, 3, 4, 1, 5):
        add(tallies, LEAST_COUNT, version)
    assert {version for version, _ in figures(tallies)} == {3, 4, 1, 5}
