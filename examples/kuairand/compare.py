"""Compares a published version with its peers on the same rows: `python -m examples.kuairand.compare VERSION`.

The metrics of all three, and the difference in AUC from the better peer with its bootstrap interval over users,
are added to the JSON document of `paceline train`.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import messages, print_table
from cli.quiet import importing_tensorflow
from cli.stages import shown_stages
from contract.durable import write_whole
from contract.errors import ContractError
from features.errors import FeatureError
from training.errors import TrainingError

FIGURES = ("auc", "member_auc", "member_auc_coverage", "log_loss", "ndcg_at_10", "calibration")


def main(
    version: Annotated[Path, typer.Argument(help="The folder of the version.")],
    *,
    world: Annotated[Path, typer.Option(help="The folder of the raw tables.")],
    out: Annotated[Path, typer.Option(help="The JSON document of the training, which is added to.")],
) -> None:
    """Compare a published version with a hashed logistic regression and LightGBM on its own split."""
    with importing_tensorflow():
        from examples.kuairand.comparison import compare

    with shown_stages() as progress:
        compared = compare(version, world, progress)
    document = json.loads(out.read_text(encoding="utf-8")) | {"peers": compared}
    write_whole(out, json.dumps(document, indent=2).encode())
    _show(compared)


def _show(compared: Mapping[str, Any]) -> None:
    test, difference = compared["test"], compared["difference"]
    rows = [(figure.replace("_", " "), *(test[name].get(figure, "") for name in test)) for figure in FIGURES]
    print_table("On the test rows", ["", *(name.replace("_", " ") for name in test)], rows)
    interval = f"{difference['low']:+.4f} to {difference['high']:+.4f}"
    messages.print(
        f"AUC over {difference['from']}: {difference['auc']:+.4f}, 95 % of bootstraps {interval}.", highlight=False
    )


if __name__ == "__main__":
    try:
        typer.run(main)
    except (ContractError, FeatureError, TrainingError) as error:
        messages.print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)
