"""What becomes of features that are not OK: the same in serving, in training and in batch scoring.

====================== =========================== ==================================================
policy                 where it is stale           where it is null or missing
====================== =========================== ==================================================
UNSPECIFIED (default)  the model takes its default the model takes its default
LAST_VALUE             it counts all the same      the model takes its default
FAIL                   nothing is ranked by it     nothing is ranked by it
====================== =========================== ==================================================
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import missing_marker
from contract.stubs import manifest_pb2 as pb


def age_limit(ttl_seconds: float, policy: int) -> float:
    """Returns the greatest age in seconds at which a value counts, 0 for no limit.

    Args:
        ttl_seconds: The TTL of its view, 0 for no limit.
        policy: Its `MissingPolicy`.
    """
    return 0 if policy == pb.MISSING_POLICY_LAST_VALUE else ttl_seconds


def lacking(specs: Iterable[pb.Input], columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.bool_]]:
    """Returns which rows may not be ranked or trained on, ``[rows]``, by the input that each lacks.

    Args:
        specs: The inputs; only those with the policy FAIL are looked at, and have an entry.
        columns: Their columns, as `contract.columns` makes them. A text or a list that is empty is not there.
    """
    required = (spec for spec in specs if spec.missing_policy == pb.MISSING_POLICY_FAIL)
    return {spec.name: _is_missing(spec, columns[spec.name]) for spec in required}


def _is_missing(spec: pb.Input, column: NDArray[Any]) -> NDArray[np.bool_]:
    marker = missing_marker(spec)
    is_marked = np.isnan(column) if isinstance(marker, float) and math.isnan(marker) else column == marker
    return np.asarray(is_marked.all(axis=1) if spec.list_length else is_marked, dtype=np.bool_)
