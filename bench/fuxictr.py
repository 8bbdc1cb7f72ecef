"""FuxiCTR's Wide & Deep (PyTorch), trained in a process of its own environment on the same encoded table."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError
from contract.stubs import manifest_pb2 as pb
from training.model.encoded import Encoded, Layout
from training.model.scaler import Scaler
from training.model.spec import ModelSpec
from training.table import Table

_FOLDER = Path(__file__).parent / "peers" / "fuxictr"
_WORKERS = 1
"""Processes that load batches: the default of FuxiCTR's loader; none or three make no difference on two cores."""


@dataclass(frozen=True, slots=True)
class Split:
    """Rows, raw and encoded."""

    table: Table
    encoded: Encoded


class FuxiCtr:
    """The process, which trains an epoch when asked to."""

    def __init__(self, requests: IO[str], answers: IO[str], log: Path) -> None:
        self._requests = requests
        self._answers = answers
        self._log = log

    def epoch(self) -> tuple[float, float]:
        """Trains an epoch, and returns how many seconds it took and the AUC of the test rows.

        Raises:
            BenchError: The process failed.
        """
        try:
            self._requests.write("epoch\n")
            self._requests.flush()
            answer = json.loads(self._answers.readline())
        except (OSError, ValueError):
            last = self._log.read_text(encoding="utf-8").splitlines()[-1:]
            raise BenchError(f"FuxiCTR failed: {' '.join(last)}") from None
        return answer["seconds"], answer["auc"]


def find_fuxictr() -> Path:
    """Returns the Python of FuxiCTR's environment.

    Raises:
        BenchError: It was not made.
    """
    python = _FOLDER / ".venv" / "bin" / "python"
    if not (_FOLDER / ".venv" / ".ready").exists():
        raise BenchError(f"FuxiCTR is not installed: run {_FOLDER}/setup.sh, or leave it out with --peer none")
    return python


@contextmanager
def running_fuxictr(python: Path, folder: Path) -> Iterator[FuxiCtr]:
    """Yields the process that trains on what `write_rows` wrote while the block is entered."""
    log = folder / "fuxictr.log"
    with log.open("w", encoding="utf-8") as err:
        process = subprocess.Popen(
            [python, _FOLDER / "train.py", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        try:
            yield FuxiCtr(process.stdin, process.stdout, log)
        finally:
            process.terminate()
            process.communicate()


def write_rows(
    folder: Path, inputs: Sequence[pb.Input], layout: Layout, splits: tuple[Split, Split], spec: ModelSpec
) -> None:
    """Writes the rows and what to train: categories by our vocabularies, numbers standardised as ours."""
    numbers = [i for i in inputs if i.encoding in (pb.ENCODING_NUMERIC, pb.ENCODING_LOG)]
    _write_settings(folder, numbers, layout, spec)
    scaler = Scaler(numbers, [splits[0].table.columns[number.name] for number in numbers])
    for name, split in zip(("train", "test"), splits, strict=True):
        columns: dict[str, Any] = _columns(split, numbers, scaler, layout)
        np.savez(folder / f"{name}.npz", **columns)


def _write_settings(folder: Path, numbers: Sequence[pb.Input], layout: Layout, spec: ModelSpec) -> None:
    settings = {
        "numbers": [number.name for number in numbers],
        "categories": {feature.name: feature.size for feature in layout.features if feature.vocabulary},
        "embedding_size": spec.embedding_size,
        "layer_sizes": spec.layer_sizes,
        "dropout": spec.dropout,
        "batch_norm": spec.batch_norm,
        "batch_size": spec.batch_size,
        "learning_rate": spec.deep_learning_rate,
        "seed": spec.seed,
        "threads": os.cpu_count(),
        "workers": _WORKERS,
    }
    (folder / "peer.json").write_text(json.dumps(settings), encoding="utf-8")


def _columns(split: Split, numbers: Sequence[pb.Input], scaler: Scaler, layout: Layout) -> dict[str, NDArray[Any]]:
    values, _ = scaler(np.stack([split.table.columns[number.name] for number in numbers], axis=1))
    columns = {number.name: values.numpy()[:, place] for place, number in enumerate(numbers)}
    for feature in layout.features:
        if feature.vocabulary:
            columns[feature.name] = split.encoded.categories[:, feature.start]
    return columns | {"label": split.table.labels}
