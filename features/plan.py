"""What a change of the definitions would do: to the registry, and to the models that are published.

Feast's own plan shows differences where there are none and can't say whom they hurt.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from features.description import Description, FeatureDescription, ServiceDescription, ViewDescription, ttl_text


@dataclass(frozen=True, order=True, slots=True)
class Change:
    """One difference.

    Attributes:
        subject: What changes, such as "view member_profile".
        aspect: What of it, such as "ttl".
        before: None where it is added.
        after: None where it is removed; like `before` empty where the aspect says it all.
    """

    subject: str
    aspect: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.aspect} {self.after}".rstrip()
        if self.after is None:
            return f"- {self.aspect} {self.before}".rstrip()
        return f"~ {self.aspect} {self.before} → {self.after}"


def plan(before: Description, after: Description) -> list[Change]:
    """Returns what changes between two descriptions, in the order of their names."""
    old, new = _facts(before), _facts(after)
    return [
        Change(*key, before=old.get(key), after=new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def lines(changes: list[Change]) -> list[str]:
    """Returns the changes as the lines of a diff."""
    shown: list[str] = []
    subject = None
    for change in changes:
        if change.subject != subject:
            subject = change.subject
            shown.append(subject)
        shown.append(f"  {change}")
    return shown


def summary(changes: list[Change]) -> list[str]:
    """Returns a line for each subject that changes, with how much of it is added, changed and removed."""
    shown = []
    for subject, group in groupby(changes, key=lambda change: change.subject):
        kinds = Counter(str(change)[0] for change in group)
        counts = (f"{kinds[sign]} {what}" for sign, what in _KINDS.items() if kinds[sign])
        shown.append(f"{subject}: {', '.join(counts)}")
    return shown


_KINDS = {"+": "added", "~": "changed", "-": "removed"}
_Facts = dict[tuple[str, str], str]


def _facts(description: Description) -> _Facts:
    facts: _Facts = {(f"entity {name}", "key"): key for name, key in description.entities.items()}
    for name, view in description.views.items():
        facts |= {(f"view {name}", aspect): value for aspect, value in _view_facts(view).items()}
    for name, service in description.services.items():
        facts |= {(f"service {name}", aspect): value for aspect, value in _service_facts(service).items()}
    return facts


def _view_facts(view: ViewDescription) -> Mapping[str, str]:
    facts = {"keys": ", ".join(view.join_keys), "ttl": ttl_text(view.ttl_seconds), "source": view.source}
    return facts | {f"feature {name}": _feature_fact(feature) for name, feature in view.features.items()}


def _feature_fact(feature: FeatureDescription) -> str:
    tags = ", ".join(f"{tag} {value!r}" for tag, value in sorted(feature.tags.items()))
    return f"{feature.dtype} ({tags})" if tags else feature.dtype


def _service_facts(service: ServiceDescription) -> Mapping[str, str]:
    return {f"feature {feature}": "" for feature in service.features} | {
        f"tag {tag}": value for tag, value in service.tags.items()
    }
