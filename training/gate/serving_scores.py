"""Scoring the newest rows with the version that serves now."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from contract.errors import ContractError
from contract.manifest import read_manifest, verify_files
from contract.stubs import manifest_pb2 as pb
from training.errors import DataError
from training.gate.evidence import Serving
from training.registered import check_computed
from training.saved_model import load_scorer
from training.serving_version import serving_version
from training.table import Table

_UNFIT = (ContractError, DataError, OSError, ValueError, TypeError, KeyError, tf.errors.OpError)
"""What loading or calling a SavedModel that is not fit may raise."""


def score_serving(model_dir: Path, table: Table, computed: Sequence[pb.OnDemandView] = ()) -> Serving | None:
    """Returns the version that serves now with its scores, or with the reason why it has none.

    Args:
        model_dir: The model's folder, which need not be there.
        table: The rows to score.
        computed: What computed some of their columns.

    Returns:
        None if there is no version.
    """
    try:
        version = serving_version(model_dir)
    except DataError as error:
        return Serving(None, problem=str(error))
    if version is None:
        return None
    try:
        return _score(model_dir / str(version), version, table, computed)
    except _UNFIT as error:
        problem = f"version {version} serves and can't be compared with: {_first_line(error)}"
        return Serving(version, problem=problem)


def _score(version_dir: Path, version: int, table: Table, computed: Sequence[pb.OnDemandView]) -> Serving:
    manifest = read_manifest(version_dir)
    verify_files(version_dir, manifest)
    check_computed("it", manifest, computed)
    for spec in manifest.inputs:
        if spec.name not in table.columns:
            raise DataError(f"it reads {spec.name!r}, which the rows no longer have")
    scores = load_scorer(version_dir)({spec.name: table.columns[spec.name] for spec in manifest.inputs})
    if scores.shape != table.labels.shape or not np.isfinite(scores).all():
        raise DataError("its scores are not one finite number for each row")
    return Serving(version, scores, has_seen_rows=_has_seen(manifest.training, table))


def _has_seen(training: pb.Training, table: Table) -> bool:
    if table.times is None or not training.HasField("last_row_time"):
        return False
    return training.last_row_time.seconds >= int(table.times.min())


def _first_line(error: Exception) -> str:
    """TensorFlow's messages go on for pages, and a KeyError's is only the key."""
    text = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
    return text.strip().partition("\n")[0]
