"""The history of what was applied: one JSON object a line, oldest first."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from features.plan import Change

HISTORY = "feature_changes.jsonl"
"""In the folder of all data."""


def record(folder: Path, changes: Sequence[Change], *, actor: str, reason: str, now: datetime) -> None:
    """Appends what was applied, and returns when it is on the disk.

    Args:
        folder: The folder of all data.
        changes: What changed.
        actor: Who applied it.
        reason: Why; "" where nobody said.
        now: When.
    """
    entry = {
        "time": now.astimezone(UTC).isoformat(),
        "actor": actor,
        "reason": reason,
        "changes": [asdict(change) for change in changes],
    }
    with (folder / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())
