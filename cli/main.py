"""The `paceline` command: one module for each subcommand, imported with it."""

import sys

import typer
from rich.markup import escape

from bench.errors import BenchError
from cli.batch_score import batch_score_command
from cli.bench import bench
from cli.dataset import dataset_command
from cli.evaluate import evaluate_command
from cli.events import events
from cli.features import features
from cli.models import models
from cli.output import messages
from cli.recommend import recommend_command, score_command
from cli.serve import serve
from cli.simulate import simulate_command
from cli.train import train_command
from cli.tune import tune_command
from contract.errors import ContractError
from event_log.errors import EventLogError
from features.errors import FeatureError
from paceline import PacelineError
from server.domain.errors import StartError
from training.errors import TrainingError

EXPECTED = (BenchError, ContractError, EventLogError, FeatureError, PacelineError, StartError, TrainingError)
"""Errors that are the user's to mend: shown as one message, without a traceback."""

app = typer.Typer(
    name="paceline",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Class recommendations over gRPC, from a Feast feature store and a Keras wide-and-deep model.",
)

app.command("simulate")(simulate_command)
app.add_typer(features, name="features")
app.add_typer(events, name="events")
app.command("dataset")(dataset_command)
app.command("train")(train_command)
app.command("tune")(tune_command)
app.command("evaluate")(evaluate_command)
app.command("batch-score")(batch_score_command)
app.add_typer(models, name="models")
app.command("serve")(serve)
app.command("recommend")(recommend_command)
app.command("score")(score_command)
app.add_typer(bench, name="bench")


def main() -> None:
    """Runs the command line."""
    try:
        app()
    except EXPECTED as error:
        messages.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
