"""Training rows per second beside FuxiCTR's Wide & Deep on the same table, and beside the perceptron's step alone.

The three are trained in turn, an epoch each in every round, so that a drift of the machine's speed touches all
alike. Each round's epoch goes on from the last one's weights. The first round, in which graphs are built, is not
counted.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple, Protocol

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from bench.click_table import draw_clicks, inputs
from bench.fuxictr import Split, find_fuxictr, running_fuxictr, write_rows
from bench.machine import describe_machine
from bench.mlp_step import MlpStep
from contract.stubs import manifest_pb2 as pb
from training.flat import FlatFiles, read_splits
from training.model.head import LogisticHead
from training.model.inputs import InputEncoder
from training.model.network import Network
from training.model.spec import ModelSpec
from training.model.trainer import Rows, Trainer
from training.table import Table

SPEC = ModelSpec(
    embedding_size=10, layer_sizes=(400, 400, 400), batch_norm=True, dropout=0.1, batch_size=4096, l2=0.0, epochs=1
)

OnRound = Callable[[int], None]
"""Hears how many rounds are over."""


class Data(NamedTuple):
    """What is trained on."""

    name: str
    inputs: list[pb.Input]
    train: Table
    test: Table


class Round(NamedTuple):
    """The epochs of one round; rates are in rows per second."""

    rates: Mapping[str, float]
    aucs: Mapping[str, float]


class Side(Protocol):
    """What is trained by epochs."""

    def epoch(self) -> tuple[float, float]:
        """Trains an epoch, and returns how many seconds it took and the AUC of the test rows."""
        ...


class Paceline:
    """The trainer of `paceline train`."""

    def __init__(self, data: Data, spec: ModelSpec) -> None:
        keras.utils.set_random_seed(spec.seed)
        tf.config.experimental.enable_op_determinism()
        self._data = data
        self._spec = spec
        self._encoder = InputEncoder(data.inputs, data.train.columns, spec)
        self.layout = self._encoder.member.layout
        embedded = sum(feature.vocabulary != "" for feature in self.layout.features)
        self.width = embedded * spec.embedding_size + self.layout.number_count
        self.train, self.test = self._encode(data.train), self._encode(data.test)
        head = LogisticHead.of(data.train.labels)
        network = Network(self.layout, self._encoder.classes.layout, spec, head)
        self._trainer = Trainer(network, spec)
        self._epoch = 0

    def epoch(self) -> tuple[float, float]:
        """Trains an epoch, and returns how many seconds it took and the AUC of the test rows."""
        self._epoch += 1
        order = np.random.default_rng([self._spec.seed, self._epoch]).permutation(len(self._data.train))
        start = time.perf_counter()
        self._trainer.run_epoch(self.train, order)
        seconds = time.perf_counter() - start
        return seconds, float(roc_auc_score(self._data.test.labels, self._trainer.score(self.test)))

    def _encode(self, table: Table) -> Rows:
        sides = [side.encode(table.columns, len(table)) for side in (self._encoder.member, self._encoder.classes)]
        return Rows(*tf.nest.map_structure(tf.constant, (*sides, table.labels)))


def clicks(row_count: int) -> Data:
    """Returns a generated table, with a quarter as many rows for the test."""
    train, test = draw_clicks(row_count, seed=1), draw_clicks(row_count // 4, seed=2)
    return Data("generated clicks", inputs(), train.rows, test.rows)


def flat_files(table: Path, test: Path, label: str) -> Data:
    """Returns the rows of two files.

    Raises:
        TrainingError: The files are not fit.
    """
    found, splits = read_splits(FlatFiles(table, test, test), label, {})
    return Data(table.name, found, splits.train, splits.test)


def bench_train(
    data: Data, spec: ModelSpec, *, rounds: int, with_peer: bool, on_round: OnRound
) -> dict[str, object]:
    """Trains all sides for so many rounds, and returns the document.

    Raises:
        BenchError: The peer is asked for and not installed, or it failed.
    """
    python = find_fuxictr() if with_peer else None
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        ours = Paceline(data, spec)
        sides: dict[str, Side] = {"paceline": ours}
        if python is not None:
            splits = Split(data.train, ours.train.member), Split(data.test, ours.test.member)
            write_rows(Path(scratch), data.inputs, ours.layout, splits, spec)
            sides["fuxictr"] = stack.enter_context(running_fuxictr(python, Path(scratch)))
        limit = MlpStep(ours.width, spec.layer_sizes, spec.batch_size)
        found = []
        for number in range(rounds + 1):
            found.append(_round(sides, limit, len(data.train), spec.batch_size))
            on_round(number)
    return _document(data, spec, found[1:])


def _round(sides: Mapping[str, Side], limit: MlpStep, row_count: int, batch_size: int) -> Round:
    steps = max(1, row_count // batch_size)
    rates = {"mlp_step": steps * batch_size / limit.seconds(steps)}
    aucs = {}
    for name, side in sides.items():
        seconds, aucs[name] = side.epoch()
        rates[name] = row_count / seconds
    return Round(rates, aucs)


def _document(data: Data, spec: ModelSpec, rounds: Sequence[Round]) -> dict[str, object]:
    document: dict[str, object] = {
        "benchmark": "train",
        "machine": describe_machine(),
        "data": data.name,
        "train_rows": len(data.train),
        "test_rows": len(data.test),
        "spec": spec.to_toml(),
        "rounds": len(rounds),
        "sides": {name: _side(name, rounds) for name in rounds[0].rates},
    }
    others = [name for name in rounds[0].rates if name != "paceline"]
    ratios = {name: [r.rates["paceline"] / r.rates[name] for r in rounds] for name in others}
    return document | {"paceline_to": {name: _summary(values, 3) for name, values in ratios.items()}}


def _side(name: str, rounds: Sequence[Round]) -> dict[str, object]:
    found: dict[str, object] = {"rows_per_second": _summary([r.rates[name] for r in rounds], 0)}
    if name in rounds[0].aucs:
        aucs = [r.aucs[name] for r in rounds]
        found |= {"auc": round(aucs[-1], 4), "best_auc": round(max(aucs), 4)}
    return found


def _summary(values: Sequence[float], digits: int) -> dict[str, float]:
    named = {"median": median(values), "least": min(values), "greatest": max(values)}
    return {name: round(value, digits) for name, value in named.items()}
