"""What a change of the definitions would do: to the registry, and to the models that are published.

Feast's own plan shows differences where there are none and can't say whom they hurt.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from contract.tags import SERVICE_TAGS
from features.description import (
    About,
    Description,
    FeatureDescription,
    OnDemandDescription,
    ServiceDescription,
    ViewDescription,
    ttl_text,
)

NOTHING = "nothing"
"""How an empty text is shown."""


@dataclass(frozen=True, order=True, slots=True)
class Change:
    """One difference.

    Attributes:
        subject: What changes, such as "view member_profile".
        aspect: What of it, such as "ttl".
        before: None where it is added.
        after: None where it is removed; like `before` empty where the aspect says it all.
        is_breaking: Whether what reads the features may no longer work, or know less: something is removed, or of
            another type, under other keys, or fresh for a shorter time.
    """

    subject: str
    aspect: str
    before: str | None
    after: str | None
    is_breaking: bool = False

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.aspect} {self.after}".rstrip()
        if self.after is None:
            return f"- {self.aspect} {self.before}".rstrip()
        return f"~ {self.aspect} {self.before or NOTHING} → {self.after or NOTHING}"


def plan(before: Description, after: Description) -> list[Change]:
    """Returns what changes between two descriptions, in the order of their names."""
    old, new = _facts(before), _facts(after)
    old, new = old | _remarks(before, among=new), new | _remarks(after, among=old)
    return [
        _change(key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def lines(changes: Sequence[Change]) -> list[str]:
    """Returns the changes as the lines of a diff."""
    shown: list[str] = []
    subject = None
    for change in changes:
        if change.subject != subject:
            subject = change.subject
            shown.append(subject)
        shown.append(f"  {change}{' (breaking)' if change.is_breaking else ''}")
    return shown


def summary(changes: Sequence[Change]) -> list[str]:
    """Returns a line for each subject that changes, with how much of it is added, changed and removed."""
    shown = []
    for subject, group in groupby(changes, key=lambda change: change.subject):
        kinds = Counter(str(change)[0] for change in group)
        counts = (f"{kinds[sign]} {what}" for sign, what in _KINDS.items() if kinds[sign])
        shown.append(f"{subject}: {', '.join(counts)}")
    return shown


_KINDS = {"+": "added", "~": "changed", "-": "removed"}


class _Fact(NamedTuple):
    """What is the case, in words, and the part of it that readers of features depend on."""

    text: str
    promise: object = None

    def keeps(self, other: "_Fact") -> bool:
        """Whether what was promised before, `other`, still holds."""
        if other.promise is None:  # as of an entity without a type
            return True
        if isinstance(self.promise, int) and isinstance(other.promise, int):  # seconds, of which 0 is no limit
            return self.promise == 0 or 0 < other.promise <= self.promise
        return self.promise == other.promise


_Facts = dict[tuple[str, str], _Fact]


def _change(key: tuple[str, str], before: _Fact | None, after: _Fact | None) -> Change:
    is_breaking = before is not None and (after is None or not after.keeps(before))
    return Change(*key, before and before.text, after and after.text, is_breaking)


def _facts(description: Description) -> _Facts:
    """Returns what readers of features depend on, and where the rows come from."""
    facts = {(f"entity {name}", "key"): _key_fact(key) for name, key in description.entities.items()}
    for name, view in description.views.items():
        facts |= {(f"view {name}", aspect): fact for aspect, fact in _view_facts(view).items()}
    for name, asked in description.on_demand.items():
        facts |= {(f"on-demand view {name}", aspect): fact for aspect, fact in _on_demand_facts(asked).items()}
    for name, service in description.services.items():
        facts |= {(f"service {name}", aspect): fact for aspect, fact in _service_facts(service).items()}
    return facts


def _key_fact(key: str) -> _Fact:
    return _Fact(key, None if key.endswith(" UNKNOWN") else key)


def _view_facts(view: ViewDescription) -> Mapping[str, _Fact]:
    facts = {
        "keys": _Fact(", ".join(view.join_keys), view.join_keys),
        "ttl": _Fact(ttl_text(view.ttl_seconds), view.ttl_seconds),
        "source": _Fact(view.source),
    }
    return facts | {f"feature {name}": _feature_fact(feature) for name, feature in view.features.items()}


def _on_demand_facts(view: OnDemandDescription) -> Mapping[str, _Fact]:
    """What it reads and computes with is a promise: with another function the same feature is another."""
    reads = [*(":".join(reference) for reference in view.reads), *(f"{k} {v}" for k, v in view.asks.items())]
    digest = hashlib.sha256(view.function.encode()).hexdigest()[:12]
    facts = {"reads": _Fact(", ".join(reads), tuple(reads)), "function": _Fact(digest, view.function)}
    return facts | {f"feature {name}": _feature_fact(feature) for name, feature in view.features.items()}


def _feature_fact(feature: FeatureDescription) -> _Fact:
    tags = ", ".join(f"{tag} {value!r}" for tag, value in sorted(feature.tags.items()))
    return _Fact(f"{feature.dtype} ({tags})" if tags else feature.dtype, feature.dtype)


def _service_facts(service: ServiceDescription) -> Mapping[str, _Fact]:
    return {f"feature {feature}": _Fact("") for feature in service.features} | {
        f"tag {tag}": _Fact(value, value if tag in SERVICE_TAGS else None) for tag, value in service.tags.items()
    }


def _remarks(description: Description, among: _Facts) -> _Facts:
    """Returns what is said for people, of what is there before and after."""
    subjects = {subject for subject, _ in among}
    remarks: _Facts = {}
    for subject, viewed in _views(description).items():
        if subject in subjects:
            remarks |= _about(subject, "", viewed.about)
        for feature, described in viewed.features.items():
            if (subject, f"feature {feature}") in among:
                remarks |= _about(subject, f"feature {feature} ", described.about)
    for name, service in description.services.items():
        if f"service {name}" in subjects:
            remarks |= _about(f"service {name}", "", service.about)
    return remarks


def _views(description: Description) -> Mapping[str, ViewDescription | OnDemandDescription]:
    return {f"view {name}": view for name, view in description.views.items()} | {
        f"on-demand view {name}": view for name, view in description.on_demand.items()
    }


def _about(subject: str, prefix: str, about: About) -> _Facts:
    return {(subject, f"{prefix}{aspect}"): _Fact(text) for aspect, text in about._asdict().items()}
