"""Which version of a model serves now."""

from pathlib import Path

from contract.label_events import HISTORY_FOLDER, read_events
from contract.labels import DEFAULT_LABEL, fold
from contract.versions import published_versions
from training.errors import DataError


def serving_version(model_dir: Path) -> int | None:
    """Returns the version that the label `DEFAULT_LABEL` is on; None if there is no version.

    Args:
        model_dir: The model's folder, which need not be there.

    Raises:
        DataError: The history of labels can't be read or understood.
    """
    versions = published_versions(model_dir)
    try:
        labels = fold(read_events(model_dir / HISTORY_FOLDER))
    except (OSError, ValueError) as error:
        raise DataError(f"{model_dir}: which version serves can't be told: {error}") from error
    return labels.states[DEFAULT_LABEL].version or next(reversed(labels.followed(versions)), None)


def required_serving_version(model_dir: Path) -> int:
    """Returns the version that serves.

    Raises:
        DataError: There is none, or the history of labels can't be read or understood.
    """
    version = serving_version(model_dir)
    if version is None:
        raise DataError(f"{model_dir} has no published version")
    return version
