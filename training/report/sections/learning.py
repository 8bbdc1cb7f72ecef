"""How the training went, epoch by epoch."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from training.report.drawing import BLUE, GREY, ORANGE, drawn
from training.report.page import Plot, Section
from training.report.subject import Reported

_VALIDATION = "validation_"


def learning_curves(reported: Reported) -> Section:
    """Returns the losses of training and validation, and the other figures of validation, with the epoch kept."""
    history = reported.candidate.model.history
    epochs = np.arange(1, len(history) + 1)
    (figure,) = {name for name in history[0] if name.startswith(_VALIDATION)} - {"validation_loss"} or {
        "validation_loss"
    }
    values = [figures[figure] for figures in history]
    best = 1 + int(np.argmax(values) if figure == "validation_auc" else np.argmin(values))
    name = figure.removeprefix(_VALIDATION).upper()

    def losses(axes: Axes) -> None:
        axes.plot(epochs, [figures["loss"] for figures in history], "o-", color=GREY, label="training")
        axes.plot(epochs, [f["validation_loss"] for f in history], "o-", color=BLUE, label="validation")
        _mark(axes, best)

    def chosen_by(axes: Axes) -> None:
        axes.plot(epochs, values, "o-", color=BLUE, label="validation")
        _mark(axes, best)

    return Section(
        "Learning curves",
        [
            Plot(
                drawn(losses, title="Loss", x="epoch", y="mean loss of a row"),
                "Both should fall. If validation rises while training falls, the model learns its rows by heart.",
            ),
            Plot(
                drawn(chosen_by, title=f"{name} of validation", x="epoch", y=name),
                f"The weights of the best epoch, {best} of {len(history)}, were kept. If the last is the best, "
                f"more epochs may help.{_of_how_many(reported)}",
            ),
        ],
    )


def _of_how_many(reported: Reported) -> str:
    count = reported.candidate.spec.ensemble_size
    return f" The curves are those of the first of {count} networks." if count > 1 else ""


def _mark(axes: Axes, best: int) -> None:
    axes.axvline(best, color=ORANGE, linestyle="--", label="kept")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
