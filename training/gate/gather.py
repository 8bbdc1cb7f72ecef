"""Gathering the evidence on a candidate whose SavedModel is written aside."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from training.candidate import Candidate
from training.gate.evidence import Evidence
from training.gate.exported import measure_exported
from training.gate.figures import CLASSIFICATION, REGRESSION
from training.gate.serving_scores import score_serving
from training.model.spec import BINARY
from training.saved_model import LoadedModel
from training.slices import Slicing, slices


def gather(
    candidate: Candidate, loaded: LoadedModel, directory: Path, model_dir: Path, sliced_by: Sequence[str] | None
) -> Evidence:
    """Returns what the gate judges by.

    Args:
        candidate: The fitted model.
        loaded: Its SavedModel.
        directory: Where that is.
        model_dir: The folder of the model's published versions.
        sliced_by: The inputs to slice by; see `GateSpec.slices`.

    Raises:
        SpecError: An input can't be sliced by.
        tf.errors.OpError: The SavedModel can't be run.
    """
    table = candidate.splits.test
    offset = timedelta(hours=candidate.spec.utc_offset_hours)
    slicing = Slicing(candidate.splits.train, candidate.inputs, candidate.source, sliced_by, offset)
    return Evidence(
        table=table,
        scores=candidate.scores["test"],
        figures=CLASSIFICATION if candidate.spec.objective == BINARY else REGRESSION,
        baselines=candidate.baselines,
        serving=score_serving(model_dir, table, candidate.on_demand_views),
        slices=slices(table, slicing),
        exported=measure_exported(loaded, directory, candidate),
    )
