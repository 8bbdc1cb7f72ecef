"""Where the labels of a model are, and where they can go back to."""

from collections.abc import Sequence

from contract.labels import DEFAULT_LABEL
from server.domain.labels import LabelStatus
from server.models.manager import ModelManager


def version_before(manager: ModelManager, label: str) -> int | None:
    """Returns the version that a label can go back to, None if there is none.

    That is the latest that it was on before and that can be loaded. `DEFAULT_LABEL` may have followed the newest
    version before this server began: for it, older versions come after those that are known.
    """
    present = manager.version_of(label)
    unfit = manager.book.refused | manager.label_book.labels.rejected
    there = (manager.book.published | {loaded.manifest.version for loaded in manager.available}) - unfit
    older = sorted((v for v in there if v < (present or 0)), reverse=True) if label == DEFAULT_LABEL else []
    return next((v for v in (*manager.label_book.before(label), *older) if v in there and v != present), None)


def label_statuses(manager: ModelManager) -> Sequence[LabelStatus]:
    """Returns every label as it is now, by name."""
    labels = manager.label_book.labels
    return [
        LabelStatus(
            model_name=manager.config.name,
            label=name,
            version=next(iter(manager.label_book.route(name)), None),
            pinned_version=labels.states[name].version,
            weight=labels.weights.get(name, 0),
            shadow_share=labels.shadows.get(name, 0.0),
        )
        for name in sorted(labels.states)
    ]
