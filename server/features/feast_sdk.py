"""The parts of Feast that serving uses, imported fast and without side effects.

Feast decorates its definitions with typeguard's `typechecked`, whose instrumentation is two thirds of the time
that `import feast` takes (3.4 s against 1.2 s). Definitions are checked where they are written, when they are
applied; the server only reads them, so it imports Feast with a decorator that does nothing, and puts the real one
back.

Importing Feast also switches prometheus_client, if that is not imported yet, to keep every metric of the process
in files that all registries share. So it is imported first.
"""

from collections.abc import Callable
from typing import Any

import prometheus_client  # noqa: F401 (see above)
import typeguard


def _unchecked(target: Any = None, **_options: object) -> Any:
    """Stands in for `typeguard.typechecked`, bare or called."""
    return target if target is not None else _identity


def _identity(target: Any) -> Any:
    return target


_typechecked: Callable[..., Any] = typeguard.typechecked
typeguard.typechecked = _unchecked
try:
    from feast import FeatureStore, FeatureView
    from feast.errors import FeastError, FeatureServiceNotFoundException
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value
    from feast.repo_config import RepoConfig
finally:
    typeguard.typechecked = _typechecked

__all__ = [
    "EntityKey",
    "FeastError",
    "FeatureServiceNotFoundException",
    "FeatureStore",
    "FeatureView",
    "RepoConfig",
    "Value",
]
