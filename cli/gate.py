"""What the gate said of a trained model."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from cli.metrics import metrics_document
from cli.output import messages, print_json, print_table, say, warn
from contract.stubs.manifest_pb2 import Gate, GateCheck, Manifest
from training.errors import RefusedError

REFUSED = 3
"""The exit code when a model is not let through."""

HEADINGS = ("check", "rows", "found", "at least", "at most", "")


@contextmanager
def refusals(report: Path, *, as_json: bool) -> Iterator[None]:
    """Says why a model is not let through, and ends the command with the exit code `REFUSED`."""
    try:
        yield
    except RefusedError as error:
        manifest = error.manifest
        if as_json:
            print_json(training_document(manifest, published=False))
        _show_failed(f"{manifest.model_name} is not fit to be published", manifest.gate)
        say("Nothing was published. --force --reason TEXT publishes nevertheless.")
        say(f"The report is {report}.")
        raise typer.Exit(REFUSED) from None


def training_document(manifest: Manifest, *, published: bool) -> dict[str, Any]:
    """Returns what a script learns of a training."""
    return {
        "model": manifest.model_name,
        "published": published,
        "metrics": metrics_document(manifest.metrics),
        "train_row_count": manifest.training.row_count,
        "checks": [_document(check) for check in manifest.gate.checks],
        "forced_reason": manifest.gate.forced_reason or None,
    }


def say_passed(gate: Gate) -> None:
    """Says that all checks passed, or which did not though the version is published."""
    failed = _failed(gate)
    if failed:
        warn(f"{len(failed)} of {len(gate.checks)} checks did not pass: {gate.forced_reason}")
        _show_failed("Published by force", gate)
    else:
        say(f"All {len(gate.checks)} checks passed.")


def _show_failed(title: str, gate: Gate) -> None:
    """Shows the checks that did not pass, on standard error."""
    failed = _failed(gate)
    rows = [_row(check) for check in failed]
    print_table(f"{title}: {len(failed)} of {len(gate.checks)} checks did not pass", HEADINGS, rows, messages)


def _failed(gate: Gate) -> Sequence[GateCheck]:
    return [check for check in gate.checks if not check.passed]


def _row(check: GateCheck) -> list[object]:
    numbers = ("" if number is None else number for number in _numbers(check).values())
    return [check.name.replace("_", " "), check.slice or "all", *numbers, check.message]


def _document(check: GateCheck) -> dict[str, Any]:
    what = {"name": check.name, "slice": check.slice, "passed": check.passed}
    return {**what, **_numbers(check), "message": check.message}


def _numbers(check: GateCheck) -> dict[str, float | None]:
    """Returns the numbers as JSON has them, which knows neither infinity nor NaN."""
    numbers = {
        "found": check.found if check.HasField("found") else None,
        "lowest": check.lowest if check.HasField("lowest") else None,
        "highest": check.highest if check.HasField("highest") else None,
    }
    return {name: n if n is not None and math.isfinite(n) else None for name, n in numbers.items()}
