"""Which version scores where none is named."""

from pathlib import Path

from training.errors import DataError
from training.gate.serving_scores import serving_version


def default_version(model_dir: Path) -> int:
    """Returns the version that serves.

    Raises:
        DataError: There is none, or the history of labels can't be read.
    """
    try:
        version = serving_version(model_dir)
    except (OSError, ValueError) as error:
        raise DataError(f"{model_dir}: which version serves can't be told: {error}") from error
    if version is None:
        raise DataError(f"{model_dir} has no published version")
    return version
