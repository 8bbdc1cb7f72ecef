"""What was checked before publishing."""

from contract.stubs.manifest_pb2 import GateCheck
from training.report.page import Cell, Rows, Section, Text
from training.report.subject import Reported

_HEADINGS = "", "check", "rows", "found", "has to be", ""


def gate(reported: Reported) -> Section | None:
    """Returns the checks, those that did not pass first; what passed on a slice is folded."""
    found = reported.manifest.gate
    if not found.checks:
        return None
    checks = sorted(found.checks, key=lambda check: check.passed)
    shown = [_row(check) for check in checks if not (check.passed and check.slice)]
    folded = [_row(check) for check in checks if check.passed and check.slice]
    reading = "On the test rows. A model is published only if every check passes."
    blocks: list[Text | Rows] = [Rows(_HEADINGS, shown, reading, ["FAILED"])]
    if found.forced_reason:
        blocks.insert(0, Text(f"Published by force: {found.forced_reason}"))
    if folded:
        blocks.append(Rows(_HEADINGS, folded, folded=f"What passed on slices of them: {len(folded)}"))
    return Section("Gate", blocks)


def _row(check: GateCheck) -> tuple[Cell, ...]:
    return (
        "passed" if check.passed else "FAILED",
        check.name.replace("_", " "),
        check.slice or "all rows",
        check.found if check.HasField("found") else "",
        _bounds(check),
        check.message,
    )


def _bounds(check: GateCheck) -> str:
    bounds = []
    if check.HasField("lowest"):
        bounds.append(f"at least {check.lowest:.4g}")
    if check.HasField("highest"):
        bounds.append(f"at most {check.highest:.4g}")
    return ", ".join(bounds)
