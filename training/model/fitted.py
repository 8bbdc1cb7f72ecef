"""A fitted model: predicting from raw columns, and exporting."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.model.encoded import Encoded
from training.model.ensemble import join
from training.model.export import export
from training.model.folding import fold
from training.model.head import Head
from training.model.indexed import can_index, export_indexed
from training.model.inputs import InputEncoder, SideEncoder, tensor_specs
from training.model.network import Network
from training.model.probe_fit import CLASSES, MEMBERS, FittedProbe, fit_probe
from training.model.signatures import Signatures
from training.model.snapshot import Snapshot
from training.model.words import CrossWeight, cross_weights


class FittedModel:
    """A trained model with its preprocessing.

    Attributes:
        history: The figures of each epoch, of an ensemble's first network: "loss", "validation_loss" and
            "validation_auc" or "validation_rmse".
        head: What makes scores of logits.
        notes: What was odd about the rows, and what a warm start could not take, a sentence each.
    """

    def __init__(
        self,
        encoder: InputEncoder,
        networks: Sequence[Network],
        head: Head,
        history: Sequence[Mapping[str, float]],
        notes: Sequence[str] = (),
    ) -> None:
        """Takes the networks as they were trained, several of an ensemble, and their head with the calibration."""
        self.history = history
        self.head = head
        self.notes = notes
        self._encoder = encoder
        self._trained = networks[0]
        self._network = join([fold(network) for network in networks])
        self._probe: FittedProbe | None = None
        self._signatures = Signatures(encoder, self._network, head)
        self._score = tf.function(self._signatures.score).get_concrete_function(**tensor_specs(encoder.inputs))

    def predict(self, columns: Mapping[str, NDArray[Any]], batch_size: int = 8192) -> NDArray[np.float32]:
        """Returns the score of each row: the probability of a positive label, or the number of a regression.

        Args:
            columns: The raw inputs by name, ``[rows]`` or ``[rows, list_length]``; others are ignored.
            batch_size: How many rows are scored at once.

        Returns:
            ``[rows]`` float32.
        """
        names = [spec.name for spec in self._encoder.inputs]
        row_count = len(columns[names[0]])
        scores = np.empty(row_count, np.float32)
        for start in range(0, row_count, batch_size):
            rows = slice(start, start + batch_size)
            scores[rows] = self._score(**{name: tf.constant(columns[name][rows]) for name in names})["score"]
        return scores

    def fit_probe(self, columns: Mapping[str, NDArray[Any]], classes: NDArray[np.int64]) -> None:
        """Fits what finds the classes that are worth ranking, for the graph that is exported; see `probe`.

        Without a deep part there is none.

        Args:
            columns: The raw inputs of rows, such as those that the model was trained on.
            classes: Rows that hold each class once.
        """
        if self._network.perceptron is None:
            return
        seed, rows = self._network.spec.seed, len(next(iter(columns.values())))
        rng = np.random.default_rng(seed)
        members = self._encoded(self._encoder.member, columns, rng.permutation(rows)[:MEMBERS])
        catalogue = self._encoded(self._encoder.classes, columns, rng.permutation(classes)[:CLASSES])
        self._probe = fit_probe(self._network, members, catalogue, seed)

    def export(self, directory: Path) -> None:
        """Writes the model into `directory`.

        A SavedModel with all its signatures, what a warm start needs, of an ensemble's first network, and, where
        indices can be told without hashing, the graph for runtimes without hash tables.
        """
        export(self._signatures, directory)
        if can_index(self._signatures):
            export_indexed(self._signatures, self._probe, directory)
        Snapshot.of(self._encoder, self._trained).write(directory)

    @staticmethod
    def _encoded(side: SideEncoder, columns: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]) -> Encoded:
        return side.encode({spec.name: columns[spec.name][rows] for spec in side.specs}, len(rows))

    def calibration(self) -> pb.Calibration | None:
        """Returns what the manifest says of the calibration; None where scores are no probabilities."""
        return self.head.message()

    def cross_weights(self) -> list[CrossWeight]:
        """Returns the combinations that weigh something in the wide part."""
        return cross_weights(self._encoder, self._network)

    def vocabularies(self) -> list[pb.Vocabulary]:
        """Returns what the manifest says of each vocabulary."""
        return [vocabulary.message() for vocabulary in self._encoder.vocabularies.values()]
