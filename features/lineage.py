"""Which published models use which features."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contract.stubs.manifest_pb2 import SOURCE_CLASS, SOURCE_MEMBER
from features.published import PublishedModel


@dataclass(frozen=True, slots=True)
class Use:
    """A version of a model, and a feature that it reads or shows."""

    model: str
    version: int
    labels: tuple[str, ...]
    service: str
    view: str
    feature: str


def lineage(published: Iterable[PublishedModel], name: str) -> list[Use]:
    """Returns what uses a feature, named alone or as ``view:feature``, or a view; or what a model uses."""
    return [use for model in published for use in _uses(model) if name in _names(use)]


def _names(use: Use) -> set[str]:
    return {use.model, use.view, use.feature, f"{use.view}:{use.feature}"}


def _uses(published: PublishedModel) -> Iterator[Use]:
    manifest = published.manifest
    for spec in (*manifest.inputs, *manifest.display_features):
        if spec.source in (SOURCE_MEMBER, SOURCE_CLASS):
            service = manifest.feature_source.feature_service
            which = manifest.model_name, manifest.version, published.labels
            yield Use(*which, service, spec.feature_view, spec.name)
