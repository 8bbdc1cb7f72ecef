"""What the online store holds of one entity, as the server sees it; for people who look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contract.cells import CellStatus, cell_status
from contract.tags import data_type
from server.features.cells import VALUE_FIELDS, CellReader, Feature, ViewFeatures
from server.features.feast_sdk import FeatureView


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One feature of the entity."""

    view: str
    feature: str
    status: CellStatus
    value: Any
    """None unless the status is OK or STALE."""
    age_seconds: float | None
    """Since its row was true; None where there is none."""
    ttl_seconds: int
    """0 for no limit."""
    on_missing: str
    """What is done where it is not OK: default, last_value or fail."""


def show(reader: CellReader, views: Sequence[FeatureView], entity_id: str, now: float) -> list[ShownCell]:
    """Returns every feature of an entity in views of it, whose join key is a String.

    Raises:
        Exception: Whatever the driver of the store raises.
    """
    return [cell for view in views for cell in _of_view(reader, view, entity_id, now)]


def _of_view(reader: CellReader, view: FeatureView, entity_id: str, now: float) -> Iterator[ShownCell]:
    features = _features(view)
    cells = reader.read([entity_id], [ViewFeatures(view, features)])
    (time,) = cells.times[view.name]
    age = None if time is None else now - time
    policies = {field.name: field.tags.get("on_missing", "default") for field in view.features}
    for feature in features:
        yield _shown(view.name, feature, policies[feature.name], cells.values[feature.name][0], age)


def _features(view: FeatureView) -> list[Feature]:
    ttl_seconds = int(view.ttl.total_seconds()) if view.ttl else 0
    return [Feature(field.name, VALUE_FIELDS[data_type(str(field.dtype))], ttl_seconds) for field in view.features]


def _shown(view: str, feature: Feature, on_missing: str, value: Any, age: float | None) -> ShownCell:
    status = cell_status(value, age, feature.ttl_seconds)
    is_told = status in (CellStatus.OK, CellStatus.STALE)
    return ShownCell(view, feature.name, status, value if is_told else None, age, feature.ttl_seconds, on_missing)
