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

from cli.metrics import metrics_document
from cli.output import messages, print_table
from cli.stages import shown_stages
from contract.errors import ContractError
from contract.manifest import read_manifest
from examples.kuairand.peers import gradient_boosted_trees, hashed_logistic_regression
from features.errors import FeatureError
from training.baselines import Subject
from training.bootstrap import auc, paired_difference
from training.dataset import History, RankingDataset
from training.errors import TrainingError
from training.evaluation import MODEL, measure
from training.progress import Progress
from training.saved_model import load_scorer
from training.spec import SplitSpec, parse_ranking_spec
from training.split import Splits, choose_days, split_by_days
from training.table import Table

REPO = Path(__file__).parent / "feature_repo"
FIGURES = ("auc", "member_auc", "member_auc_coverage", "log_loss", "ndcg_at_10", "calibration")


def compare(version: Path, world: Path, progress: Progress) -> dict[str, Any]:
    """Returns what the version and its peers reach on the test rows, and how far it is from the better peer."""
    manifest = read_manifest(version)
    spec = parse_ranking_spec(manifest.training.spec_toml, f"{version}: training.spec_toml", {})
    splits = _splits(RankingDataset(History(REPO, "", world), spec), spec.split, progress)
    scorer = load_scorer(version)
    subjects = [Subject(MODEL, lambda table: scorer({i.name: table.columns[i.name] for i in manifest.inputs}))]
    peers = {"logistic_regression": hashed_logistic_regression, "lightgbm": gradient_boosted_trees}
    for done, (name, fit) in enumerate(peers.items()):
        progress("fitting peers", done, len(peers))
        subjects.append(Subject(name, fit(manifest.inputs, splits, spec.model.utc_offset_hours)))
    progress("fitting peers", len(peers), len(peers))
    metrics = metrics_document(measure(subjects, {"test": splits.test}, progress))["test"]
    return {"test": metrics, "difference": _difference(subjects, metrics, splits.test)}


def _splits(dataset: RankingDataset, split: SplitSpec, progress: Progress) -> Splits:
    table = dataset.load(*dataset.day_range(), progress)
    days = choose_days(dataset.day_range()[1], split.train_until, split.validate_until)
    return split_by_days(table, days, dataset.days.offset)


def _difference(subjects: list[Subject], metrics: Mapping[str, Any], test: Table) -> dict[str, Any]:
    model, *peers = subjects
    better = max(peers, key=lambda peer: metrics[peer.name]["auc"])
    found = paired_difference(auc, test.labels, (model.score(test), better.score(test)), test.members)
    return {"from": better.name, "auc": found.estimate, "low": found.low, "high": found.high}


def main(
    version: Annotated[Path, typer.Argument(help="The folder of the version.")],
    *,
    world: Annotated[Path, typer.Option(help="The folder of the raw tables.")],
    out: Annotated[Path, typer.Option(help="The JSON document of the training, which is added to.")],
) -> None:
    """Compare a published version with a hashed logistic regression and LightGBM on its own split."""
    with shown_stages() as progress:
        compared = compare(version, world, progress)
    document = json.loads(out.read_text(encoding="utf-8")) | {"peers": compared}
    aside = out.with_suffix(".partial")
    aside.write_text(json.dumps(document, indent=2), encoding="utf-8")
    aside.rename(out)
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
