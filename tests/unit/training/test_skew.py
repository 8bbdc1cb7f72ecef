"""What was served is compared with what was trained on, and what moved is named."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from contract.cells import CellStatus
from contract.distributions import LEAST_COUNT
from contract.manifest import write_manifest
from contract.served import FOLDER
from contract.stubs import manifest_pb2 as pb
from server.ranking.ports import Served
from server.served_log.files import LogFiles
from server.served_log.rows import RowMaker
from tests.support.served import catalogue, manifest, served
from training.errors import DataError
from training.skew import InputSkew, measure_skew

PROFILES = [
    pb.InputProfile(input_name="member_number", missing_share=0.1, edges=[0.25, 0.5, 0.75], shares=[0.25] * 4),
    pb.InputProfile(input_name="member_texts", values=["pop", "rock"], shares=[0.5, 0.5, 0]),
    pb.InputProfile(input_name="class_text", values=["yoga", "ride"], shares=[0.5, 0.5, 0]),
    pb.InputProfile(input_name="context_whole", values=["7"], shares=[1, 0]),
]
MODEL = manifest(3, PROFILES)
for one in MODEL.inputs:
    one.feature_view = "activity" if one.name.startswith("member_") and one.name != "member_id" else ""
CLASSES = catalogue([{"class_text": "yoga"}, {"class_text": "ride"}])
TODAY = datetime.now(UTC).date()
ANSWERS = 1000


def answer(number: int, of: pb.Manifest = MODEL, *, shift: float = 0.0) -> Served:
    """Returns one of answers that together are as the profiles say, but for what is shifted."""
    known = None if number % 10 == 9 else (number % 97) / 97 + shift
    status = (CellStatus.STALE, CellStatus.MISSING, *[CellStatus.OK] * 8)[number % 10]
    texts = [["pop", "rock"]] if number % 2 else [["pop"], ["rock"]][number % 4 // 2 :]
    return served(
        f"r{number}", of, CLASSES, status=status, member_number=known, member_texts=texts[0], context_whole=7
    )


def write(data: Path, answers: Sequence[Served], day: date = TODAY, writer: str = "w") -> Path:
    rows = RowMaker(answers[0].manifest).rows(answers)
    return LogFiles(data / FOLDER, writer, 2**40, lambda: day).write(rows.contract, rows.table)


def found(data: Path, first: date = TODAY) -> dict[str, InputSkew]:
    return {skew.feature: skew for skew in measure_skew(data / FOLDER, MODEL, first).features}


def test_what_is_served_as_it_was_trained_has_not_moved(tmp_path: Path) -> None:
    write(tmp_path, [answer(number) for number in range(ANSWERS)])
    skews = found(tmp_path)
    assert set(skews) == {profile.input_name for profile in PROFILES}
    assert all(skew.stability_index is not None and skew.stability_index < 0.01 for skew in skews.values())
    assert all(skew.jensen_shannon is not None and skew.jensen_shannon < 0.01 for skew in skews.values())
    assert {name: skew.count for name, skew in skews.items()} == {
        "member_number": ANSWERS,
        "member_texts": ANSWERS,
        "class_text": 2 * ANSWERS,
        "context_whole": ANSWERS,
    }
    member = skews["member_number"]
    assert (member.view, member.stale, member.missing) == ("activity", 0.1, 0.1)
    assert (member.null_served, member.null_trained) == (0.1, 0.1)
    assert (skews["context_whole"].stale, skews["class_text"].missing) == (None, None)


def test_what_moved_is_the_first(tmp_path: Path) -> None:
    write(tmp_path, [answer(number, shift=0.5) for number in range(ANSWERS)])
    first, *others = measure_skew(tmp_path / FOLDER, MODEL, TODAY).features
    assert first.feature == "member_number"
    assert first.is_above(0.25)
    assert first.null_served == 0.1
    assert [skew.feature for skew in others if skew.is_above(0.1)] == []


def test_only_what_the_version_answered_since_counts(tmp_path: Path) -> None:
    old = TODAY - timedelta(days=1)
    write(tmp_path, [answer(number) for number in range(ANSWERS)])
    write(tmp_path, [answer(number, shift=9) for number in range(ANSWERS)], old)
    successor = pb.Manifest.FromString(MODEL.SerializeToString())
    successor.version = 4
    write(tmp_path, [answer(number, successor, shift=9) for number in range(ANSWERS)], writer="x")
    assert not found(tmp_path)["member_number"].is_above(0.1)
    assert found(tmp_path, old)["member_number"].is_above(0.25)
    assert found(tmp_path, old)["member_number"].count == 2 * ANSWERS


def test_too_few_answers_tell_nothing_and_are_last(tmp_path: Path) -> None:
    write(tmp_path, [answer(number, shift=9) for number in range(LEAST_COUNT // 2)])
    skews = measure_skew(tmp_path / FOLDER, MODEL, TODAY).features
    assert skews[0].feature == "class_text"
    assert [skew.stability_index for skew in skews[1:]] == [None] * 3
    assert not any(skew.is_above(0) for skew in skews[1:])


def test_classes_are_held_to_no_limit(tmp_path: Path) -> None:
    write(tmp_path, [answer(number) for number in range(ANSWERS)])
    skews = found(tmp_path)
    assert [name for name, skew in skews.items() if not skew.is_above(-1)] == ["class_text"]


def test_what_can_not_be_compared_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no answer of version 3 of 'ranking' since 20.*--log-served"):
        measure_skew(tmp_path / FOLDER, MODEL, TODAY)
    with pytest.raises(DataError, match="version 3 of 'ranking' has no profiles"):
        measure_skew(tmp_path / FOLDER, manifest(3), TODAY)
    write(tmp_path, [answer(0)]).write_bytes(b"no Parquet")
    with pytest.raises(DataError, match=r"w-000000.parquet can't be read"):
        measure_skew(tmp_path / FOLDER, MODEL, TODAY)


@pytest.mark.parametrize("shift", [0.5, 0.0])
def test_the_command_names_what_is_above_the_limit_and_says_so_by_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: float
) -> None:
    version_dir = tmp_path / "models" / "ranking" / "3"
    version_dir.mkdir(parents=True)
    write_manifest(version_dir, MODEL)
    write(tmp_path / "data", [answer(number, shift=shift) for number in range(ANSWERS)])
    monkeypatch.setenv("PACELINE_DATA", str(tmp_path / "data"))
    words = ["features", "skew", "--models", str(tmp_path / "models")]

    as_json, as_text = CliRunner().invoke(app, [*words, "--json"]), CliRunner().invoke(app, words)

    assert as_json.exit_code == as_text.exit_code == (3 if shift else 0)
    document = json.loads(as_json.stdout)
    assert (document["version"], document["answer_count"]) == (3, ANSWERS)
    assert document["above_limit"] == (["member_number"] if shift else [])
    assert "member_number" in as_text.output
    assert ("Above 0.25: member_number." if shift else "No feature is above 0.25.") in as_text.output
