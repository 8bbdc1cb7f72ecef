"""What a feature repository lacks that those who use it will ask for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from feast import Entity, FeatureService, FeatureView, Field, OnDemandFeatureView, ValueType
from feast.feast_object import FeastObject

from contract.errors import TagError
from contract.stubs.manifest_pb2 import SOURCE_COLUMN
from contract.tags import POPULARITY_TAG, feature_input
from features.description import Description, describe
from features.on_demand_lint import unservable
from features.schema import row_source
from features.streaming.feeds import live_faults

_KINDS = {Entity: "entity", FeatureService: "service", FeatureView: "view", OnDemandFeatureView: "on-demand view"}
_View: TypeAlias = FeatureView | OnDemandFeatureView
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """Something to mend.

    Attributes:
        subject: Where, such as "view member_profile" or "feature member_profile:member_country".
        rule: What it breaks, in one word.
        message: What was found and what was expected.
    """

    subject: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message} ({self.rule})"


def lint(objects: Iterable[FeastObject]) -> list[Finding]:
    """Returns what is to be mended, in the order of the subjects.

    Rules: every entity has a type; every view and feature an owner and a description; a view a TTL and the columns
    of time that a point-in-time join needs; every feature that a service reads a default; names are in lower case
    with underscores, and a feature's is of one view only; the tags of a feature that a service reads fit its type;
    members who lack what may not be missing can be answered; on-demand views can be served as they were trained,
    see `lint_on_demand`; what is to be computed live can be.
    """
    listed = list(objects)
    services = [o for o in listed if isinstance(o, FeatureService)]
    views = [o for o in listed if isinstance(o, FeatureView | OnDemandFeatureView)]
    findings = [finding for o in listed for finding in (*_of_name(o), *_of_kind(o))]
    findings += lint_on_demand(listed)
    findings += _of_features(views, _read_by(services))
    findings += _of_services(describe(listed))
    findings += [Finding(f"feature {view}:{name}", "live", fault) for view, name, fault in live_faults(views)]
    return sorted({*findings, *_of_shared_names(views)})


def lint_on_demand(objects: Sequence[FeastObject]) -> list[Finding]:
    """Returns what keeps on-demand views from being served as they were trained; such views can't be applied.

    Rules: they run in Python, for many rows at once; they read what is stored, of one side only; their functions
    stand alone, fail for no value of their inputs' types, and compute each row for itself.
    """
    views = [o for o in objects if isinstance(o, OnDemandFeatureView)]
    defined = describe(objects) if views else Description()
    return [Finding(_subject(view), *found) for view in views for found in unservable(view, defined)]


def _of_name(listed: FeastObject) -> Iterator[Finding]:
    if not _NAME.fullmatch(listed.name):
        yield Finding(_subject(listed), "name", "its name is not in lower case with underscores")


def _of_kind(listed: FeastObject) -> Iterator[Finding]:
    subject = _subject(listed)
    if isinstance(listed, Entity | FeatureView | FeatureService | OnDemandFeatureView):
        yield from _of_people(subject, listed.owner, listed.description)
    if isinstance(listed, Entity) and listed.value_type in (ValueType.UNKNOWN, None):
        yield Finding(subject, "type", "it has no value_type, expected that of its join key")
    if isinstance(listed, FeatureView):
        yield from _of_time(subject, listed)


def _of_people(subject: str, owner: str, description: str) -> Iterator[Finding]:
    if not owner:
        yield Finding(subject, "owner", "it has no owner, expected whom to ask")
    if not description:
        yield Finding(subject, "description", "it has no description")


def _of_time(subject: str, view: FeatureView) -> Iterator[Finding]:
    if not view.ttl:
        yield Finding(subject, "ttl", "it has no TTL, so that a value of any age counts; expected one above 0")
    source = row_source(view)
    for column in ("timestamp_field", "created_timestamp_column"):
        if not getattr(source, column):
            yield Finding(subject, "time", f"its source names no {column}, which a point-in-time join needs")


def _of_features(views: Sequence[_View], read: set[tuple[str, str]]) -> Iterator[Finding]:
    for view in views:
        for feature in view.features:
            subject = f"feature {view.name}:{feature.name}"
            yield from _of_people(subject, feature.tags.get("owner", "") or view.owner, feature.description)
            yield from _of_field(subject, feature, is_read=(view.name, feature.name) in read)


def _of_field(subject: str, feature: Field, *, is_read: bool) -> Iterator[Finding]:
    if not _NAME.fullmatch(feature.name):
        yield Finding(subject, "name", "its name is not in lower case with underscores")
    if is_read and "default" not in feature.tags:
        yield Finding(subject, "default", "it has no default, expected what a model takes where there is no value")
    if is_read:
        yield from _of_tags(subject, feature)


def _of_tags(subject: str, feature: Field) -> Iterator[Finding]:
    try:
        feature_input(feature.name, str(feature.dtype), feature.tags, source=SOURCE_COLUMN)
    except TagError as error:
        yield Finding(subject, "tags", f"a model can't read it: {error}")


def _of_services(defined: Description) -> Iterator[Finding]:
    for name, service in defined.services.items():
        needed = [
            f"{view_name}:{feature}"
            for view_name, view in defined.views.items()
            for feature, described in view.features.items()
            if f"{view_name}:{feature}" in service.features
            and described.tags.get("on_missing") == "fail"
            and service.tags.get("class_key") not in view.join_keys
        ]
        if needed and not service.tags.get(POPULARITY_TAG):
            found = f"it has no tag popularity, expected what answers members who lack {', '.join(needed)}"
            yield Finding(f"service {name}", "popularity", found)


def _of_shared_names(views: Sequence[_View]) -> Iterator[Finding]:
    holders = defaultdict(list)
    for view in views:
        for feature in view.features:
            holders[feature.name].append(view.name)
    for name, found in holders.items():
        if len(found) > 1:
            message = f"it is in {len(found)} views, {', '.join(sorted(found))}; expected in one"
            yield Finding(f"feature {name}", "name", message)


def _read_by(services: Sequence[FeatureService]) -> set[tuple[str, str]]:
    """Returns the features that services read, as view and feature."""
    return {
        (projection.name, feature.name)
        for service in services
        for projection in service.feature_view_projections
        for feature in projection.features
    }


def _subject(listed: FeastObject) -> str:
    word = next((word for kind, word in _KINDS.items() if isinstance(listed, kind)), type(listed).__name__)
    return f"{word} {listed.name}"
