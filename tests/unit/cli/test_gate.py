"""What is said of the gate's verdict."""

import json
from pathlib import Path

import pytest
import typer

from cli.gate import REFUSED, refusals, training_document
from contract.stubs.manifest_pb2 import Gate, GateCheck, Manifest
from training.errors import RefusedError

PASSED = GateCheck(name="size_megabytes", passed=True, found=1.5, highest=500.0, message="the files")
FAILED = GateCheck(
    name="auc_gain_over_serving", slice="surface=home", found=-0.1, lowest=-0.01, message="-0.1000 in 900 rows"
)
REPORT = Path("models/ranking/refused/report.html")
UNKNOWN = GateCheck(name="calibration", found=float("nan"), lowest=0.8, highest=1.25)


def _manifest(*checks: GateCheck) -> Manifest:
    return Manifest(model_name="ranking", gate=Gate(checks=checks))


def test_a_refusal_names_what_failed_and_ends_with_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, refusals(REPORT, as_json=False):
        raise RefusedError(_manifest(PASSED, FAILED))

    out, err = capsys.readouterr()
    assert ended.value.exit_code == REFUSED == 3
    assert "1 of 2 checks did not pass" in err
    assert "auc gain over" in err
    assert "surface=home" in err
    assert "size megabytes" not in err
    assert not out


def test_a_script_gets_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), refusals(REPORT, as_json=True):
        raise RefusedError(_manifest(PASSED, FAILED))

    document = json.loads(capsys.readouterr().out)
    assert document["published"] is False
    assert [check["passed"] for check in document["checks"]] == [True, False]
    assert document["checks"][1] == {
        "name": "auc_gain_over_serving",
        "slice": "surface=home",
        "passed": False,
        "found": -0.1,
        "lowest": -0.01,
        "highest": None,
        "message": "-0.1000 in 900 rows",
    }


def test_what_is_no_number_is_null() -> None:
    (check,) = training_document(_manifest(UNKNOWN), published=False)["checks"]

    assert (check["found"], check["lowest"], check["highest"]) == (None, 0.8, 1.25)
