"""Which versions of a model should be loaded, and which version each label should be on."""

from collections.abc import Sequence

from contract.labels import DEFAULT_LABEL, Labels, LabelState
from server.domain.models import VersionPolicy
from server.models.book import VersionBook
from server.models.label_book import LabelBook
from server.models.policy import wanted_versions


def followed_versions(policy: VersionPolicy, book: VersionBook, labels: Labels) -> Sequence[int]:
    """Returns the versions that a policy wants, the newest first; rejected ones if there is no other."""
    unrejected = wanted_versions(book.published, policy, book.excluded | labels.rejected)
    return unrejected or wanted_versions(book.published, policy, book.excluded)


def urgent_versions(policy: VersionPolicy, book: VersionBook, labels: Labels) -> Sequence[int]:
    """Returns the versions that should be available, the most urgent first.

    That is the one that `DEFAULT_LABEL` is to be on, then those that other labels are pinned to, then the rest of
    the policy's.
    """
    followed = followed_versions(policy, book, labels)
    first = labels.states[DEFAULT_LABEL].version or next(iter(followed), None)
    pins = (first, *(state.version for state in labels.states.values()))
    loadable = book.published - book.excluded
    return list(dict.fromkeys((*(version for version in pins if version in loadable), *followed)))


def version_to_recover(policy: VersionPolicy, book: VersionBook, label_book: LabelBook) -> int | None:
    """Returns the version whose runner died and that is to be loaded anew next, None if there is none.

    It has to be wanted, or to be one of all that could answer.
    """
    wanted = urgent_versions(policy, book, label_book.labels)
    can_answer = bool(label_book.route(DEFAULT_LABEL))
    dead = sorted(book.dead, key=label_book.labels.rejected.__contains__)
    return next((version for version in dead if version in wanted or not can_answer), None)


def version_of(label: str, policy: VersionPolicy, book: VersionBook, label_book: LabelBook) -> int | None:
    """Returns the version that a label is on, though another may answer for it while that is loaded anew."""
    labels, route = label_book.labels, label_book.route(label)
    state = labels.states.get(label, LabelState())
    if state.version is not None:
        return state.version
    followed = wanted_versions(book.published, policy, book.refused | labels.rejected)
    there = (version for version in followed if version in route or book.is_recovering(version))
    return next(there, next(iter(route), None))
