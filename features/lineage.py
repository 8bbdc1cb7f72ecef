"""Which published models use which features."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contract.stubs.manifest_pb2 import SOURCE_CLASS, SOURCE_MEMBER, Manifest
from features.published import PublishedModel


@dataclass(frozen=True, slots=True)
class Use:
    """A version of a model, and a feature that it reads or shows, or that one of those is computed from."""

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
    service = manifest.feature_source.feature_service
    which = manifest.model_name, manifest.version, published.labels
    for view, name in _features(manifest):
        yield Use(*which, service, view, name)


def _features(manifest: Manifest) -> Iterable[tuple[str, str]]:
    """Returns the view and name of what a version reads or shows, and of what on-demand views compute from."""
    specs = [*manifest.inputs, *manifest.display_features]
    needed = [spec for view in manifest.on_demand_views for spec in view.inputs]
    own = [spec for spec in (*specs, *needed) if spec.source in (SOURCE_MEMBER, SOURCE_CLASS)]
    return dict.fromkeys((spec.feature_view, spec.name) for spec in own)
