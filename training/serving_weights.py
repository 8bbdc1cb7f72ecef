"""The weights of the version that serves, for a training to start from."""

from pathlib import Path

from contract.manifest import read_manifest, verify_files
from training.errors import DataError
from training.gate.serving_scores import serving_version
from training.model.snapshot import Snapshot


def serving_weights(model_dir: Path) -> Snapshot | None:
    """Returns the weights of the version of a model that serves; None if there is no version yet.

    Raises:
        ContractError: The version is not what its manifest promises.
        DataError: Which version serves can't be read, or it keeps no weights.
    """
    try:
        version = serving_version(model_dir)
    except (OSError, ValueError) as error:
        raise DataError(f"{model_dir}: the version to start from can't be told: {error}") from None
    if version is None:
        return None
    directory = model_dir / str(version)
    verify_files(directory, read_manifest(directory))
    return Snapshot.read(directory)
