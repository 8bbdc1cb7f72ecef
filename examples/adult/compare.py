"""Trains the wide part, the deep part and both on Adult, over seeds: `python -m examples.adult.compare FOLDER`."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Any

import typer

from cli.output import AsJson, messages, print_json, print_table
from contract.durable import write_whole
from examples.adult.convert import LABEL, convert
from training.errors import DataError

SPEC = Path(__file__).with_name("training.toml")
_PACELINE = Path(sys.executable).with_name("paceline")
_FLAGS = {"train": "--table", "validation": "--validation", "test": "--test"}
PARTS: Mapping[str, Sequence[str]] = {
    "wide": ("--no-deep",),
    "deep": ("--no-wide",),
    "wide_and_deep": (),
}
FIGURES = ("accuracy", "auc", "log_loss")

Run = Mapping[str, Any]


def main(
    source: Annotated[Path, typer.Argument(help="The folder of adult.data and adult.test.")],
    *,
    out: Annotated[Path, typer.Option(help="Where to write tables, models and metrics.")] = Path("data/adult"),
    seeds: Annotated[int, typer.Option(min=2, help="How many seeds to train each with, from 1.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Compare the parts of the model with the whole, on the canonical test rows.

    Each is trained by `paceline train --table`. The metrics of every run are written
    to OUT/models/adult.json.

    For example:

    python -m examples.adult.compare adult
    """
    try:
        tables = convert(source, out / "tables")
    except DataError as error:
        raise typer.BadParameter(str(error)) from None
    runs = [train(tables, out / "models", part, seed) for part in PARTS for seed in range(1, seeds + 1)]
    summary = {part: summarise(runs, part) for part in PARTS}
    document = {"runs": runs, "summary": summary}
    written = out / "models" / "adult.json"
    write_whole(written, json.dumps(document, indent=2).encode())
    if as_json:
        print_json(document)
    else:
        _show(summary, seeds)
    messages.print(f"written to {written}", highlight=False)


def train(tables: Mapping[str, Path], models: Path, part: str, seed: int) -> Run:
    """Returns the test metrics of a part, trained with a seed."""
    files = [argument for split, path in tables.items() for argument in (_FLAGS[split], str(path))]
    name = f"adult_{part}_seed_{seed}"
    command = [str(_PACELINE), "train", *files, "--label", LABEL, "--spec", str(SPEC)]
    flags = ["--out", str(models), "--name", name, "--seed", str(seed), "--json", *PARTS[part]]
    messages.print(f"training {name}", highlight=False)
    finished = subprocess.run([*command, *flags], stdout=subprocess.PIPE, text=True, check=False)
    if finished.returncode:
        raise typer.Exit(finished.returncode)
    metrics = json.loads(finished.stdout)["metrics"]["test"]["model"]
    return {"part": part, "seed": seed} | {figure: metrics[figure] for figure in FIGURES}


def summarise(runs: Sequence[Run], part: str) -> dict[str, dict[str, float]]:
    """Returns mean and standard deviation over the seeds of each figure of a part."""
    own = [run for run in runs if run["part"] == part]
    return {
        figure: {"mean": fmean(run[figure] for run in own), "deviation": stdev(run[figure] for run in own)}
        for figure in FIGURES
    }


def _show(summary: Mapping[str, Mapping[str, Mapping[str, float]]], seeds: int) -> None:
    def cell(part: str, figure: str) -> str:
        found = summary[part][figure]
        return f"{found['mean']:.4f} ± {found['deviation']:.4f}"

    rows = [(part.replace("_", " "), *(cell(part, figure) for figure in FIGURES)) for part in summary]
    headings = ["", *(figure.replace("_", " ") for figure in FIGURES)]
    print_table(f"Adult, test rows: mean and standard deviation over {seeds} seeds", headings, rows)


if __name__ == "__main__":
    typer.run(main)
