"""A published version beside its peers, on the same rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cli.metrics import metrics_document
from contract.manifest import read_manifest
from examples.kuairand.peers import gradient_boosted_trees, hashed_logistic_regression
from training.baselines import Subject
from training.bootstrap import auc, paired_difference
from training.dataset import History, RankingDataset
from training.evaluate_version import version_subject
from training.evaluation import measure
from training.progress import Progress
from training.spec import SplitSpec, parse_ranking_spec
from training.split import Splits, choose_days, split_by_days
from training.table import Table

REPO = Path(__file__).parent / "feature_repo"


def compare(version: Path, world: Path, progress: Progress) -> dict[str, Any]:
    """Returns what the version and its peers reach on the test rows, and how far it is from the better peer."""
    manifest = read_manifest(version)
    spec = parse_ranking_spec(manifest.training.spec_toml, f"{version}: training.spec_toml", {})
    splits = _splits(RankingDataset(History(REPO, "", world), spec), spec.split, progress)
    subjects = [version_subject(version, manifest)]
    peers = {"logistic_regression": hashed_logistic_regression, "lightgbm": gradient_boosted_trees}
    for done, (name, fit) in enumerate(peers.items()):
        progress("fitting peers", done, len(peers))
        subjects.append(Subject(name, fit(manifest.inputs, splits, spec.model.utc_offset_hours)))
    progress("fitting peers", len(peers), len(peers))
    scored = [_scored(subject, splits.test) for subject in subjects]
    metrics = metrics_document(measure(scored, {"test": splits.test}, progress))["test"]
    return {"test": metrics, "difference": _difference(scored, metrics, splits.test)}


def _scored(subject: Subject, test: Table) -> Subject:
    """Returns the subject with the scores of the test rows, which are asked for twice."""
    scores = subject.score(test)
    return replace(subject, score=lambda _: scores)


def _splits(dataset: RankingDataset, split: SplitSpec, progress: Progress) -> Splits:
    table = dataset.load(*dataset.day_range(), progress)
    days = choose_days(dataset.day_range()[1], split.train_until, split.validate_until)
    return split_by_days(table, days, dataset.days.offset)


def _difference(subjects: Sequence[Subject], metrics: Mapping[str, Any], test: Table) -> dict[str, Any]:
    model, *peers = subjects
    better = max(peers, key=lambda peer: metrics[peer.name]["auc"])
    found = paired_difference(auc, test.labels, (model.score(test), better.score(test)), test.members)
    return {"from": better.name, "auc": found.estimate, "low": found.low, "high": found.high}
