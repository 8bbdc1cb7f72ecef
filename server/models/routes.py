"""Which of the loaded versions answers for a label. A pure function of what is."""

from collections.abc import Collection

from contract.labels import DEFAULT_LABEL, Labels


def route(label: str, labels: Labels, *, available: Collection[int], wanted: Collection[int]) -> list[int]:
    """Returns the available versions that may answer for a label, the best first.

    A pinned label is answered for by its version, and while that is not available by those that it was on before.
    A label that follows is answered for by the newest of the versions that the model's policy wants. For
    `DEFAULT_LABEL` any version is better than none, and rejected versions come last everywhere.

    Args:
        label: One of `labels`.
        labels: The labels of the model.
        available: The versions that can answer.
        wanted: The versions that the model's policy wants.
    """
    state = labels.states[label]
    newest_first = sorted(available, reverse=True)
    if state.version is None:
        chosen = [version for version in newest_first if version in wanted]
    else:
        chosen = [state.version, *reversed(state.trail)]
    others = newest_first if label == DEFAULT_LABEL else []
    ranked = dict.fromkeys((*chosen, *others, *reversed(state.trail)))
    return sorted((version for version in ranked if version in available), key=labels.rejected.__contains__)
