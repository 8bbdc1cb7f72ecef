"""The weights of the version that serves, for a training to start from."""

from pathlib import Path

from contract.manifest import read_manifest, verify_files
from training.model.snapshot import Snapshot
from training.serving_version import serving_version


def serving_weights(model_dir: Path) -> Snapshot | None:
    """Returns the weights of the version of a model that serves; None if there is no version yet.

    Raises:
        ContractError: The version is not what its manifest promises.
        DataError: Which version serves can't be read, or it keeps no weights.
    """
    version = serving_version(model_dir)
    if version is None:
        return None
    directory = model_dir / str(version)
    verify_files(directory, read_manifest(directory))
    return Snapshot.read(directory)
