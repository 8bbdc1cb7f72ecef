"""Where the documents of `paceline bench` go."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from cli.output import print_json, print_lines, print_table, say

RESULTS = Path("bench/results")

Out = Annotated[Path, typer.Option(help="Where the JSON document is written.")]


class Table(NamedTuple):
    """What a person reads of a document."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[object]]
    lines: Sequence[str] = ()
    """Below the table."""


def present(document: Mapping[str, Any], out: Path, table: Table, *, as_json: bool) -> None:
    """Writes a document to its file, then prints it as JSON, or the table."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    say(f"written to {out}")
    if as_json:
        print_json(document)
    else:
        print_table(table.title, table.headings, table.rows)
        print_lines(table.lines)
