"""A change of the definitions under review: what it does, and whom it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from feast import FeatureStore
from feast.feast_object import FeastObject

from features.description import describe, describe_registry
from features.plan import Change, plan
from features.published import BrokenModel, broken_models, read_published


@dataclass(frozen=True, slots=True)
class Review:
    """What an apply would do."""

    changes: Sequence[Change]
    broken_models: Sequence[BrokenModel]
    """Those that labels are on."""

    @property
    def is_breaking(self) -> bool:
        """Whether what reads the features may no longer work, or know less."""
        return bool(self.broken_models) or any(change.is_breaking for change in self.changes)


def review(store: FeatureStore, objects: Sequence[FeastObject], models: Path) -> Review:
    """Compares definitions with the registry and the published models.

    Raises:
        ManifestError: A manifest is invalid.
        PublishedError: Which labels are on the versions of a model can't be told.
        StoreError: The registry can't be read.
    """
    before, after = describe_registry(store), describe(objects)
    return Review(plan(before, after), broken_models(read_published(models), before, after))
