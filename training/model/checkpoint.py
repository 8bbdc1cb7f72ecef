"""Checkpoints: after each epoch all that a training needs to go on as if it had never been stopped."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.durable import whole_file
from training.errors import PublishError

Arrays = list[NDArray[Any]]


class Checkpoint(NamedTuple):
    """A training after an epoch."""

    history: list[Mapping[str, float]]
    """The figures of each epoch so far."""
    state: Arrays
    """What the next epoch starts from: `Trainer.state`."""
    best: Arrays
    """The network's weights after the best epoch."""


class Checkpoints:
    """Keeps the newest checkpoint of a training, one for each network, and removes them when its block is left.

    They are kept where the process is killed or interrupted (Ctrl-C). The name of each has a digest of all that
    the training depends on, so only the same training goes on from it.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """Takes the model's folder, where checkpoints are hidden files, and who hears of a resumption."""
        self._folder = folder
        self._say = say
        self._paths: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            for path in self._paths:
                path.unlink(missing_ok=True)

    def find(self, digest: str) -> Checkpoint | None:
        """Returns the checkpoint of the training with this digest; None without one that is whole."""
        path = self._folder / f".checkpoint-{digest[:16]}.npz"
        self._paths.append(path)
        try:
            with np.load(path) as file:
                found = Checkpoint(json.loads(str(file["history"])), _load(file, "state"), _load(file, "best"))
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return None
        self._say(f"training resumed after epoch {len(found.history)}")
        return found

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes the checkpoint of the training asked for last: aside, synced, and renamed over its last one.

        Raises:
            PublishError: It could not be written.
        """
        path = self._paths[-1]
        arrays = {f"{name}_{n}": a for name in ("state", "best") for n, a in enumerate(getattr(checkpoint, name))}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as out:
                np.savez(out, history=np.array(json.dumps(checkpoint.history)), **arrays)
        except OSError as error:
            raise PublishError(f"{path}: the checkpoint could not be written: {error}") from error


def _load(file: Any, name: str) -> Arrays:
    count = sum(key.startswith(f"{name}_") for key in file.files)
    return [file[f"{name}_{n}"] for n in range(count)]


def digest_training(spec_toml: str, rows: Any, state: Sequence[Any]) -> str:
    """Returns a digest of what decides the result of a training, in hexadecimal.

    Args:
        spec_toml: The model and its training.
        rows: The encoded rows, tensors in any structure.
        state: What the first epoch starts from: weights, slots and seeds.
    """
    digest = hashlib.sha256(f"{tf.__version__} {np.__version__}\n{spec_toml}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    for tensor in (*tf.nest.flatten(rows), *state):
        array = np.ascontiguousarray(tensor)  # .numpy() would copy it
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()
