"""What every command prints: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

messages = Console(stderr=True)
results = Console()

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def print_json(document: Mapping[str, Any]) -> None:
    """Prints the one JSON document of a command."""
    json.dump(document, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")


def print_table(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[object]], console: Console | None = None
) -> None:
    """Prints a table, by default among the results; numbers are aligned to the right."""
    console = console or results
    table = Table()
    for column, heading in enumerate(headings):
        numeric = any(isinstance(row[column], int | float) for row in rows)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    console.print(title, style="italic", markup=False, highlight=False, soft_wrap=True)
    console.print(table)


def print_lines(lines: Iterable[str]) -> None:
    """Prints lines as they are."""
    for line in lines:
        results.print(line, markup=False, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Says something beside the results, as it is."""
    messages.print(text, markup=False, highlight=False, soft_wrap=True)


def warn(text: str) -> None:
    """Says what is wrong though the command goes on."""
    messages.print(f"[bold yellow]warning:[/] {escape(text)}", highlight=False, soft_wrap=True)


def _cell(value: object) -> str:
    return f"{value:#.4g}".rstrip(".") if isinstance(value, float) else escape(str(value))


def progress() -> Progress:
    """Returns a progress display on standard error, for whatever takes more than two seconds."""
    return Progress(
        TextColumn("{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=messages,
    )
