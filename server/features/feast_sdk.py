"""The parts of Feast that serving uses, imported fast and without side effects.

Importing Feast also switches prometheus_client, if that is not imported yet, to keep every metric of the process
in files that all registries share. So it is imported first.
"""

import warnings

import prometheus_client  # noqa: F401 (see above)

from contract.unchecked import without_typeguard

with without_typeguard():
    from feast import FeatureService, FeatureStore, FeatureView
    from feast.errors import FeastError
    from feast.infra.key_encoding_utils import serialize_entity_key_prefix
    from feast.infra.online_stores.helpers import _mmh3 as redis_field
    from feast.infra.online_stores.helpers import compute_versioned_name
    from feast.infra.online_stores.redis import RedisOnlineStore
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value, ValueType
    from feast.repo_config import RepoConfig

# Of views whose rows are read by Spark, elsewhere.
warnings.filterwarnings("ignore", "The spark data source API is an experimental feature", RuntimeWarning)

__all__ = [
    "EntityKey",
    "FeastError",
    "FeatureService",
    "FeatureStore",
    "FeatureView",
    "RedisOnlineStore",
    "RepoConfig",
    "Value",
    "ValueType",
    "compute_versioned_name",
    "redis_field",
    "serialize_entity_key_prefix",
]
