"""The report on a model: the list of its sections, and where it is written."""

from collections.abc import Callable, Sequence
from pathlib import Path

from contract.durable import write_whole
from training.report.intervals import auc
from training.report.page import Card, Section, render
from training.report.sections.calibration import calibration
from training.report.sections.crosses import crosses
from training.report.sections.data import data
from training.report.sections.days import by_day
from training.report.sections.diversity import diversity
from training.report.sections.figures import figures
from training.report.sections.gate import gate
from training.report.sections.importance import importance
from training.report.sections.learning import learning_curves
from training.report.sections.oracle import oracle
from training.report.sections.ordering import ordering
from training.report.sections.serving import serving
from training.report.sections.slices import by_slice
from training.report.statistics import FILE as STATISTICS_FILE
from training.report.subject import Reported

FILE = "report.html"

SECTIONS: Sequence[Callable[[Reported], Section | None]] = (
    gate,
    figures,
    serving,
    learning_curves,
    ordering,
    calibration,
    by_day,
    by_slice,
    importance,
    crosses,
    diversity,
    oracle,
    data,
)


def write_report(directory: Path, reported: Reported) -> None:
    """Writes the report, `FILE`, and the statistics that the next training compares with, into a version's folder.

    Raises:
        OSError: They can't be written.
    """
    write_whole(directory / STATISTICS_FILE, reported.statistics.to_json().encode())
    write_whole(directory / FILE, to_html(reported).encode())


def to_html(reported: Reported) -> str:
    """Returns the page."""
    manifest = reported.manifest
    sections = [section for build in SECTIONS if (section := build(reported)) is not None]
    version = f", version {manifest.version}" if manifest.version else ""
    created = (
        f"trained {manifest.create_time.ToDatetime():%d %B %Y, %H:%M} UTC · "
        if manifest.create_time.seconds
        else ""
    )
    splits = reported.candidate.splits
    counts = (
        f"{len(splits.train):,} training, {len(splits.validation):,} validation, {len(splits.test):,} test rows"
    )
    return render(f"{manifest.model_name}{version}", f"{created}{counts}", _cards(reported), sections)


def _cards(reported: Reported) -> list[Card]:
    metrics = {m.name: m.value for m in reported.manifest.metrics if (m.subject, m.split) == ("model", "test")}
    cards = [_verdict(reported)] if reported.manifest.gate.checks else []
    if reported.is_binary:
        estimate = auc(reported.table.labels, reported.scores, reported.table.members)
        cards.append(Card("AUC on test", f"{estimate.value:.4f}", f"{estimate.low:.4f} to {estimate.high:.4f}"))
    shown = {"member_auc": "AUC within members", "log_loss": "log loss", "calibration": "calibration, 1 is best",
             "rmse": "RMSE on test", "mae": "mean absolute error", "r2": "R²"}  # fmt: skip
    cards += [Card(label, f"{metrics[name]:.4f}") for name, label in shown.items() if name in metrics]
    return [*cards, Card("warnings", str(len(reported.candidate.warnings)))]


def _verdict(reported: Reported) -> Card:
    gate = reported.manifest.gate
    failed = sum(not check.passed for check in gate.checks)
    note = f"{len(gate.checks) - failed} of {len(gate.checks)} checks passed"
    if not failed:
        return Card("gate", "passed", note, "good")
    return Card("gate", "forced" if gate.forced_reason else "refused", note, "bad")
