"""The parts of Feast that serving uses where it can't do without, imported fast and without side effects.

Importing Feast also switches prometheus_client, if that is not imported yet, to keep every metric of the process
in files that all registries share. So it is imported first.
"""

import warnings

import prometheus_client  # noqa: F401 (see above)

from contract.unchecked import without_typeguard

with without_typeguard():
    from feast import FeatureStore, FeatureView
    from feast.errors import FeastError
    from feast.infra.online_stores.helpers import compute_versioned_name
    from feast.infra.online_stores.redis import RedisOnlineStore
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value
    from feast.repo_config import RepoConfig

# Of views whose rows are read by Spark, elsewhere.
warnings.filterwarnings("ignore", "The spark data source API is an experimental feature", RuntimeWarning)

__all__ = [
    "EntityKey",
    "FeastError",
    "FeatureStore",
    "FeatureView",
    "RedisOnlineStore",
    "RepoConfig",
    "Value",
    "compute_versioned_name",
]
