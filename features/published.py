"""The published models that a change of the definitions would break."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contract.errors import ManifestError, ManifestFault
from contract.label_events import HISTORY_FOLDER, read_events
from contract.labels import fold
from contract.manifest import read_manifest
from contract.on_demand import stored_features
from contract.stubs.manifest_pb2 import SOURCE_CLASS, SOURCE_MEMBER, Input, Manifest, OnDemandView
from contract.tags import SERVICE_TAGS, data_type
from contract.versions import published_versions
from features.description import Description, ServiceDescription, ttl_text
from features.errors import PublishedError

_FOLLOWED = 2
"""On how many versions a label that follows the newest may be: until a server has loaded that one, and where it
refuses it, the one before answers."""


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A published version and the labels that are, or may be, on it."""

    manifest: Manifest
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenModel:
    """A published version that a change would break, the labels on it, and why."""

    model: str
    version: int
    labels: tuple[str, ...]
    reasons: tuple[str, ...]


def read_published(models: Path) -> list[PublishedModel]:
    """Returns all versions of all models; without those still being published, which have no manifest.

    Raises:
        ManifestError: A manifest is invalid.
        PublishedError: Which labels are on the versions of a model can't be told.
    """
    folders = sorted(models.iterdir()) if models.is_dir() else ()
    return [found for folder in folders for found in _versions(folder)]


def _versions(model_dir: Path) -> Iterator[PublishedModel]:
    found = {version: _manifest(model_dir / str(version)) for version in published_versions(model_dir)}
    manifests = {version: manifest for version, manifest in found.items() if manifest is not None}
    try:
        labels = fold(read_events(model_dir / HISTORY_FOLDER))
    except (OSError, ValueError) as error:
        raise PublishedError(f"{model_dir}: which labels are on its versions can't be told: {error}") from error
    newest = labels.followed(list(manifests))[-_FOLLOWED:]
    for version, manifest in manifests.items():
        places = {name: [state.version] if state.version else newest for name, state in labels.states.items()}
        yield PublishedModel(manifest, tuple(name for name, found in places.items() if version in found))


def _manifest(version_dir: Path) -> Manifest | None:
    """Returns the manifest of a version, None of one that is still being published."""
    try:
        return read_manifest(version_dir)
    except ManifestError as error:
        if error.fault != ManifestFault.MANIFEST_MISSING:
            raise
        return None


def broken_models(
    published: Iterable[PublishedModel], before: Description, after: Description
) -> list[BrokenModel]:
    """Returns the versions with labels that can be served from `before` and not, or less well, from `after`."""
    broken = []
    for model in published:
        manifest, already = model.manifest, set(_reasons(model.manifest, before))
        reasons = tuple(dict.fromkeys(reason for reason in _reasons(manifest, after) if reason not in already))
        if reasons and model.labels:
            broken.append(BrokenModel(manifest.model_name, manifest.version, model.labels, reasons))
    return broken


def _reasons(manifest: Manifest, description: Description) -> Iterator[str]:
    """Yields what of a manifest a description does not keep."""
    if not manifest.HasField("feature_source"):
        return
    name = manifest.feature_source.feature_service
    service = description.services.get(name)
    if service is None:
        yield f"feature service {name!r} is not registered"
        return
    for tag in SERVICE_TAGS:
        found, expected = service.tags.get(tag, ""), getattr(manifest.feature_source, tag)
        if found != expected:
            yield f"{tag} of feature service {name!r} is {found!r}, expected {expected!r}"
    if manifest.feature_source.catalogue_view not in description.views:
        yield f"view {manifest.feature_source.catalogue_view!r} is not registered"
    yield from _stored_reasons(manifest, service, description)
    for view in manifest.on_demand_views:
        yield from _on_demand_reasons(view, description)


def _stored_reasons(manifest: Manifest, service: ServiceDescription, description: Description) -> Iterator[str]:
    """Yields the same of stored features. Those that only on-demand views read need not be in the service."""
    specs = [*manifest.inputs, *manifest.display_features]
    for source in (SOURCE_MEMBER, SOURCE_CLASS):
        for spec in stored_features(specs, manifest.on_demand_views, source):
            yield from _feature_reasons(spec, manifest, service if spec in specs else None, description)


def _on_demand_reasons(view: OnDemandView, description: Description) -> Iterator[str]:
    """A version computes with its own function as long as it serves, but rows are no longer joined with it."""
    found = description.on_demand.get(view.name)
    reads = {(spec.feature_view, spec.name) for spec in view.inputs}
    if found is None:
        yield f"on-demand view {view.name!r} is not registered"
    elif found.function != view.function:
        yield f"on-demand view {view.name!r} computes with another function, the model keeps its own"
    elif reads != {*found.reads, *(("", name) for name in found.asks)}:
        yield f"on-demand view {view.name!r} computes from something else, the model from what it did"


def _feature_reasons(
    spec: Input, manifest: Manifest, service: ServiceDescription | None, description: Description
) -> Iterator[str]:
    reference = f"{spec.feature_view}:{spec.name}"
    view = description.views.get(spec.feature_view)
    if view is None or spec.name not in view.features:
        yield f"feature {reference!r} is not registered"
        return
    if service is not None and reference not in service.features:
        yield f"feature {reference!r} is not in feature service {manifest.feature_source.feature_service!r}"
    dtype = view.features[spec.name].dtype
    if data_type(dtype) != spec.data_type:
        yield f"feature {reference!r} is {dtype}, the model reads another type"
    if 0 < view.ttl_seconds < (spec.ttl_seconds or float("inf")):
        found, expected = ttl_text(view.ttl_seconds), ttl_text(spec.ttl_seconds)
        yield f"the TTL of view {spec.feature_view!r} is {found}, the model expects {expected}"
    source = manifest.feature_source
    key = source.member_key if spec.source == SOURCE_MEMBER else source.class_key
    if view.join_keys != (key,):
        yield f"view {spec.feature_view!r} is keyed by {', '.join(view.join_keys)}, expected {key}"
