"""Whether the registry still holds what a version was trained on."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor

from contract.errors import TagError
from contract.on_demand import stored_features
from contract.stubs import manifest_pb2 as pb
from contract.tags import data_type
from server.domain.versions import RefusalReason, Refused
from server.features.registry import Registry


class RegistryCheck:
    """Compares manifests with the registry.

    Args:
        registry: The registry, read again for each check.
        executor: Where it blocks, so that the event loop does not.
    """

    def __init__(self, registry: Registry, executor: Executor) -> None:
        self._registry = registry
        self._executor = executor

    async def __call__(self, manifest: pb.Manifest) -> None:
        """Accepts a version whose features the registry holds as they were when it was trained.

        Raises:
            Refused: The registry lacks the feature service, a view or a feature, or a type or join key differs.
                The message lists every difference.
            StoreUnavailable: The registry can't be read.
        """
        await asyncio.get_running_loop().run_in_executor(self._executor, self._registry.refresh)
        differences = list(_differences(manifest, self._registry))
        if differences:
            raise Refused(RefusalReason.CONTRACT_MISMATCH, "; ".join(differences))


def _differences(manifest: pb.Manifest, registry: Registry) -> Iterator[str]:
    if not manifest.HasField("feature_source"):
        yield "the model has no feature source, so there is no catalogue for it to rank"
        return
    source = manifest.feature_source
    features = registry.service_features(source.feature_service)
    if features is None:
        yield f"the registry has no feature service {source.feature_service!r}"
        return
    own = [*manifest.inputs, *manifest.display_features]
    sides = (pb.SOURCE_MEMBER, pb.SOURCE_CLASS)
    specs = [spec for side in sides for spec in stored_features(own, manifest.on_demand_views, side)]
    keys = {spec.feature_view: _join_key(spec, source) for spec in specs}
    yield from _view_differences(registry, source.catalogue_view, None)
    for view, key in keys.items():
        yield from _view_differences(registry, view, key)
    for spec in specs:
        if spec in own and spec.name not in features.get(spec.feature_view, ()):
            yield f"feature service {source.feature_service!r} has no feature {_path(spec)}"
        else:
            yield from _type_differences(registry, spec)


def _join_key(spec: pb.Input, source: pb.FeatureSource) -> str:
    return source.member_key if spec.source == pb.SOURCE_MEMBER else source.class_key


def _view_differences(registry: Registry, name: str, key: str | None) -> Iterator[str]:
    view = registry.find(name)
    if view is None:
        yield f"the registry has no enabled feature view {name!r}"
    elif key is not None and view.join_keys != [key]:
        yield f"feature view {name!r} has the join keys {view.join_keys}, expected [{key!r}]"


def _type_differences(registry: Registry, spec: pb.Input) -> Iterator[str]:
    view = registry.find(spec.feature_view)
    found = {field.name: str(field.dtype) for field in view.features}.get(spec.name) if view else None
    if found is not None and not _is(found, spec.data_type):
        expected = pb.DataType.Name(spec.data_type).removeprefix("DATA_TYPE_")
        yield f"feature {_path(spec)} is {found}, expected {expected}"


def _path(spec: pb.Input) -> str:
    return f"{spec.feature_view}:{spec.name}"


def _is(feast_type: str, expected: int) -> bool:
    try:
        return data_type(feast_type) == expected
    except TagError:
        return False
