"""A picture of a search: what each trial reached, and what each parameter has to do with it."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from optuna.distributions import BaseDistribution, CategoricalDistribution

from training.tuning.results import Trial, best_trial

_COLUMNS = 3
_PANEL_INCHES = (4.0, 2.6)
_SPACES = {"left": 0.07, "right": 0.985, "bottom": 0.04, "top": 0.96, "wspace": 0.22, "hspace": 0.42}
_SHOWN_SPREAD = 4.0
"""How far below the median the picture reaches, in distances from the median to the best."""
_BLUE, _GREY, _ORANGE = "#2b6cb0", "#a0aec0", "#c05621"


def draw_search(trials: Sequence[Trial], distributions: Mapping[str, BaseDistribution]) -> bytes:
    """Returns an SVG: the trials in their order above, below a panel for each parameter."""
    measured = [trial for trial in trials if math.isfinite(trial.auc)]
    floor = _floor(measured)
    raised = [replace(trial, auc=max(trial.auc, floor)) for trial in measured]
    panel_rows = math.ceil(len(distributions) / _COLUMNS)
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width * _COLUMNS, height * (1.5 + panel_rows)))
    grid = figure.add_gridspec(1 + panel_rows, _COLUMNS, height_ratios=[1.4, *[1] * panel_rows], **_SPACES)
    _draw_order(figure.add_subplot(grid[0, :]), raised, sum(trial.auc < floor for trial in measured))
    for place, (name, distribution) in enumerate(distributions.items()):
        axes = figure.add_subplot(grid[1 + place // _COLUMNS, place % _COLUMNS])
        _draw_parameter(axes, name, distribution, raised)
        axes.set_ylabel("" if place % _COLUMNS else "AUC on validation")
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _floor(trials: Sequence[Trial]) -> float:
    """Returns the lowest AUC to show: trials that failed badly would squeeze all others into a line."""
    aucs = np.array([trial.auc for trial in trials])
    spread = max(float(aucs.max() - np.median(aucs)), 1e-3)
    return max(float(aucs.min()), float(np.median(aucs)) - _SHOWN_SPREAD * spread)


def _draw_order(axes: Axes, trials: Sequence[Trial], raised: int) -> None:
    _scatter(axes, trials, {trial.number: trial.number for trial in trials})
    complete = [trial for trial in trials if trial.state == "complete"]
    best = np.maximum.accumulate([trial.auc for trial in complete])
    numbers = [trial.number for trial in complete]
    axes.step([*numbers, trials[-1].number], [*best, best[-1]], where="post", color=_ORANGE, label="best so far")
    first = complete[0]
    if first.number == 1:
        axes.axhline(first.auc, color="#718096", linestyle=":", label="the specification as it stood")
    note = f" ({raised} reached less and stand at the lower edge)" if raised else ""
    axes.set_title(f"Each trial in its order{note}")
    axes.set_xlabel("trial")
    axes.set_ylabel("AUC on validation")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="lower right", fontsize="small")
    axes.grid(alpha=0.25)


def _draw_parameter(axes: Axes, name: str, distribution: BaseDistribution, trials: Sequence[Trial]) -> None:
    values = {trial.number: trial.parameters[name] for trial in trials}
    if isinstance(distribution, CategoricalDistribution):
        choices = list(distribution.choices)
        jitter = np.random.default_rng(0).uniform(-0.15, 0.15, len(trials))
        values = {n: choices.index(v) + j for (n, v), j in zip(values.items(), jitter, strict=True)}
        axes.set_xticks(range(len(choices)), [_choice(choice) for choice in choices], fontsize="x-small")
        axes.set_xlim(-0.5, len(choices) - 0.5)
    elif getattr(distribution, "log", False):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    _scatter(axes, trials, values)
    axes.set_title(name, fontsize="medium")
    axes.grid(alpha=0.25)


def _choice(choice: Any) -> str:
    return {True: "crossed", False: "not crossed"}[choice] if isinstance(choice, bool) else str(choice)


def _scatter(axes: Axes, trials: Sequence[Trial], places: Mapping[int, Any]) -> None:
    """Marks each trial at its place and at the AUC that it reached."""

    def mark(chosen: Sequence[Trial], label: str, marker: str, color: str, size: float) -> None:
        xs, ys = [places[trial.number] for trial in chosen], [trial.auc for trial in chosen]
        axes.scatter(xs, ys, size, color, marker=marker, label=label, zorder=3)

    pruned = [trial for trial in trials if trial.state == "pruned"]
    if pruned:
        mark(pruned, "given up early", "x", _GREY, 22)
    mark([trial for trial in trials if trial.state == "complete"], "ran to its end", "o", _BLUE, 26)
    best = best_trial(trials)
    mark([best], f"best, trial {best.number}", "*", _ORANGE, 190)
