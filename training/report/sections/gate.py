"""What was checked before publishing."""

from contract.stubs.manifest_pb2 import GateCheck
from training.report.page import Rows, Section, Text
from training.report.subject import Reported


def gate(reported: Reported) -> Section | None:
    """Returns the checks, those that did not pass first."""
    found = reported.manifest.gate
    if not found.checks:
        return None
    checks = sorted(found.checks, key=lambda check: check.passed)
    rows = [
        (
            "passed" if c.passed else "FAILED",
            c.name.replace("_", " "),
            c.slice or "all rows",
            f"{c.found:.4g}" if c.HasField("found") else "",
            _bounds(c),
            c.message,
        )
        for c in checks
    ]
    headings = ["", "check", "rows", "found", "has to be", ""]
    texts = [Text(f"Published by force: {found.forced_reason}")] if found.forced_reason else []
    reading = "On the test rows. A model is published only if every check passes."
    return Section("Gate", [*texts, Rows(headings, rows, reading, ["FAILED"])])


def _bounds(check: GateCheck) -> str:
    bounds = []
    if check.HasField("lowest"):
        bounds.append(f"at least {check.lowest:.4g}")
    if check.HasField("highest"):
        bounds.append(f"at most {check.highest:.4g}")
    return ", ".join(bounds)
