import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bench.errors import BenchError
from cli.bench import bench


def measured(classes: int, **changes: Any) -> dict[str, Any]:
    def servers(p50_ms: float, rate: float) -> dict[str, Any]:
        return {name: {"p50_ms": p50_ms, "requests_per_second": rate} for name in ("openvino", "tensorflow")}

    results = [{"in_flight": 32, "servers": servers(20.0, 1000.0)}]
    at_half = servers(5.0, 500.0)
    return {"benchmark": "recommend", "classes": classes, "results": results, "at_half": at_half, **changes}


def fleet(folder: Path, document: object, *words: str) -> Result:
    path = folder / "recommend.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return CliRunner().invoke(bench, ["fleet", str(path), "--out", str(folder / "fleet.json"), *words])


def test_a_fleet_is_told_for_both_runtimes_and_kept(tmp_path: Path) -> None:
    result = fleet(tmp_path, measured(500), "--rate", "10000", "--json")

    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "fleet.json").read_text())
    assert [(row["classes"], row["runtime"]) for row in written["results"]] == [
        (500, "openvino"),
        (500, "tensorflow"),
    ]
    assert all(row["cores"] % 3 == 0 and row["p99_ms"] <= 10 for row in written["results"])


def test_a_limit_that_no_core_can_meet_has_no_fleet(tmp_path: Path) -> None:
    assert fleet(tmp_path, measured(500), "--p99-ms", "1").exit_code == 0
    assert [row["cores"] for row in json.loads((tmp_path / "fleet.json").read_text())["results"]] == [None, None]


@pytest.mark.parametrize("document", [measured(500, benchmark="reload"), {}, [1]])
def test_another_document_is_refused(tmp_path: Path, document: object) -> None:
    result = fleet(tmp_path, document)

    assert isinstance(result.exception, BenchError)
    assert "recommend.json is a document of" in str(result.exception)
    assert not (tmp_path / "fleet.json").exists()
