"""`paceline recommend` and `paceline score`, in this process, against the fake server."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from cli.main import main
from cli.rankings import print_ranking
from paceline import ErrorReason, FieldViolation, InvalidRequest, Unavailable, any_of, between
from paceline.testing import FakeServer
from paceline.v1 import recommendation_service_pb2 as pb
from paceline.v1.recommendation_service_pb2 import (
    RecommendClassesRequest,
    RecommendClassesResponse,
    ScoreClassesRequest,
)


class Printed(NamedTuple):
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: str, code: int = 0) -> Printed: ...


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        server.rank("m1", [("c1", 0.75), ("c2", 0.5), ("c3", 0.25)])
        server.describe("c1", class_title="Power [HIIT]", class_discipline="strength", class_minutes=45)
        server.describe(
            "c2",
            class_title="Calm",
            class_discipline="yoga",
            class_minutes=20,
            genres=["ambient", "folk"],
            rating=4.5,
        )
        yield server


@pytest.fixture
def run(server: FakeServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command, which asks the server, and returns what it printed."""
    monkeypatch.setenv("PACELINE_ADDRESS", server.target)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str, code: int = 0) -> Printed:
        monkeypatch.setattr(sys, "argv", ["paceline", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
        return Printed(*capsys.readouterr())

    return run


def recommended(server: FakeServer) -> RecommendClassesRequest:
    """Returns the last request, which is one of RecommendClasses."""
    request = server.requests[-1]
    assert isinstance(request, RecommendClassesRequest)
    return request


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_table_shows_names_disciplines_and_durations(run: Run) -> None:
    table = run("recommend", "m1").out.splitlines()
    assert table[0].strip() == "m1 by fake, version 1, 3 candidates"
    assert [cells(line) for line in table if line.startswith("│")] == [
        ["1", "c1", "Power [HIIT]", "strength", "45", "0.7500"],
        ["2", "c2", "Calm", "yoga", "20", "0.5000"],
        ["3", "c3", "-", "-", "-", "0.2500"],
    ]


def test_a_model_without_the_features_shown_by_default_is_shown_without(server: FakeServer, run: Run) -> None:
    server.describe("c1", mood="calm")
    server.describe("c2")
    table = run("recommend", "m1").out.splitlines()
    assert next(cells(line) for line in table if line.startswith("│")) == ["1", "c1", "0.7500"]


def test_features_of_every_type_can_be_shown(run: Run) -> None:
    table = run("recommend", "m1", "--show", "genres,rating", "--candidate", "c2").out
    assert "ambient, folk" in table
    assert "4.5 " in table


def test_a_feature_asked_for_that_the_model_lacks_is_an_error(run: Run) -> None:
    printed = run("recommend", "m1", "--show", "class_title,mood", code=1)
    assert printed.err == "error: class_feature_names[1]: no class feature is named mood\n"


def test_every_flag_reaches_the_server(server: FakeServer, run: Run) -> None:
    flags = "--page-size 2 --exclude c1 --candidate c2 --candidate c9"
    flags += " --filter class_minutes=10..30 --filter class_discipline=yoga"
    flags += " --context surface=home --context position=3 --at 2026-03-01T07:30 --show class_title"
    run("recommend", "m1", *flags.split())
    request = recommended(server)
    assert request.page_size == 2
    assert list(request.excluded_class_ids) == ["c1"]
    assert list(request.candidate_class_ids) == ["c2", "c9"]
    assert list(request.filters) == [between("class_minutes", 10, 30), any_of("class_discipline", "yoga")]
    assert request.context.features["surface"].string_value == "home"
    assert request.context.features["position"].int64_value == 3
    assert request.context.request_time.ToDatetime(UTC) == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
    assert list(request.class_feature_names) == ["class_title"]


def test_a_time_may_name_its_zone(server: FakeServer, run: Run) -> None:
    run("recommend", "m1", "--at", "2026-03-01T09:30+02:00")
    assert recommended(server).context.request_time.ToDatetime(UTC) == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)


def test_unknown_members_and_candidates_are_told_beside_the_table(server: FakeServer, run: Run) -> None:
    server.rank_others([("c1", 0.5)])
    printed = run("recommend", "m9", "--candidate", "c1", "--candidate", "c8")
    assert "does not know member m9" in printed.err
    assert "Not in the catalogue: c8." in printed.err
    assert "m9" in printed.out


def test_a_ranking_without_classes_says_so(run: Run) -> None:
    printed = run("recommend", "m1", "--filter", "class_minutes=..5")
    assert printed == ("", "No class satisfies the request.\n")


def test_a_ranking_as_json(run: Run) -> None:
    arguments = ["--candidate", "c2", "--candidate", "c8", "--show", "class_title,genres", "--json"]
    assert json.loads(run("recommend", "m1", *arguments).out) == {
        "member_id": "m1",
        "member_known": True,
        "model": {"name": "fake", "version": 1},
        "catalogue_generation": 1,
        "unknown_class_ids": ["c8"],
        "candidate_count": 1,
        "classes": [
            {"class_id": "c2", "score": 0.5, "features": {"class_title": "Calm", "genres": ["ambient", "folk"]}},
        ],
    }


def test_scores_come_in_the_order_asked(run: Run) -> None:
    printed = run("score", "m1", "c2", "c9", "c1")
    rows = [cells(line) for line in printed.out.splitlines() if line.startswith("│")]
    assert rows == [["c2", "0.5000"], ["c1", "0.7500"]]
    assert printed.err == "Not in the catalogue: c9.\n"


def test_scores_as_json(server: FakeServer, run: Run) -> None:
    document = json.loads(run("score", "m1", "c2", "c9", "--context", "surface=home", "--json").out)
    assert document["classes"] == [{"class_id": "c2", "score": 0.5}]
    assert document["unknown_class_ids"] == ["c9"]
    request = server.requests[-1]
    assert isinstance(request, ScoreClassesRequest)
    assert request.context.features["surface"].string_value == "home"


@pytest.mark.parametrize("command", [["recommend", "m1"], ["score", "m1", "c1"]])
def test_where_no_server_answers_the_message_says_how_to_start_one(run: Run, command: list[str]) -> None:
    stopped = FakeServer()
    stopped.start()
    stopped.stop()
    printed = run(*command, "--address", stopped.target, code=1)
    assert printed.err.startswith(f"error: no server answers at {stopped.target}: start one with `paceline serve`")


def test_a_server_that_cannot_answer_now_is_quoted(server: FakeServer, run: Run) -> None:
    server.fail_next(Unavailable("no version serves [yet]", reason=ErrorReason.ERROR_REASON_NO_MODEL), times=3)
    assert run("score", "m1", "c1", code=1).err == "error: no version serves [yet]\n"


def test_an_invalid_request_names_its_fields(server: FakeServer, run: Run) -> None:
    violations = [
        FieldViolation("context.features[a]", "is no number"),
        FieldViolation("page_size", "is too large"),
    ]
    server.fail_next(InvalidRequest(violations=violations))
    printed = run("recommend", "m1", code=1)
    assert printed.err == "error: context.features[a]: is no number; page_size: is too large\n"


def test_a_server_too_slow_is_an_error(server: FakeServer, run: Run) -> None:
    with server.held():
        printed = run("recommend", "m1", "--timeout", "0.05", code=1)
    assert printed.err == f"error: {server.target} did not answer within 0.05 seconds; --timeout waits longer\n"


@pytest.mark.parametrize(
    "flags",
    [
        ["--filter", "class_minutes"],
        ["--context", "=home"],
        ["--at", "tomorrow"],
        ["--page-size", "0"],
        ["--page-size", "1001"],
        ["--tls-ca", "no-such-file.pem"],
    ],
)
def test_flags_that_make_no_sense_are_usage_errors(run: Run, flags: list[str]) -> None:
    printed = run("recommend", "m1", *flags, code=2)
    assert "paceline recommend [OPTIONS]" in printed.err
    assert flags[0] in printed.err


def test_a_certificate_needs_its_key(run: Run, tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.touch()
    printed = run("score", "m1", "c1", "--tls-cert", str(certificate), code=2)
    assert "--tls-cert and --tls-key go together" in printed.err


@pytest.mark.parametrize("command", ["recommend", "score"])
def test_help_shows_examples_that_work(run: Run, command: str) -> None:
    examples = [line.split() for line in run(command, "--help").out.splitlines() if line.startswith(" paceline ")]
    assert len(examples) >= 2
    for _, *arguments in examples:
        run(*arguments)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (pb.SERVING_MODE_BATCH_SCORED, "this list was ranked beforehand"),
        (pb.SERVING_MODE_POPULAR, "these classes are popular"),
    ],
)
def test_an_answer_without_the_model_says_so(
    mode: "pb.ServingMode.ValueType", said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_ranking("m1", RecommendClassesResponse(serving_mode=mode), [])
    assert f"The model can't rank for member m1 now: {said}." in capsys.readouterr().err
