"""The epochs of a training: when it ends, which weights it keeps, and how it goes on from a checkpoint."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from training.errors import SpecError
from training.model.checkpoint import Checkpoint, Checkpoints, digest_training
from training.model.network import Network
from training.model.spec import ModelSpec
from training.model.trainer import Rows, Trainer

OnEpoch = Callable[[int, int, Mapping[str, float]], None]
"""Is told the epoch, from 1, the most epochs there will be, and the figures of the epoch."""
History = list[Mapping[str, float]]


class Epochs:
    """Trains a network until its head has found no better figures for `spec.patience` epochs."""

    def __init__(self, network: Network, trainer: Trainer, train: Rows, validation: Rows, spec: ModelSpec) -> None:
        self._network = network
        self._trainer = trainer
        self._train = train
        self._validation = validation
        self._spec = spec

    def run(self, on_epoch: OnEpoch, checkpoints: Checkpoints | None) -> History:
        """Leaves the network with the weights of its best epoch, and returns the figures of every epoch.

        The rows are shuffled by seed and epoch alone, and all else is in a checkpoint: a training that goes on
        from one gives the same weights, bit for bit. `on_epoch` hears of its earlier epochs again.

        Raises:
            PublishError: A checkpoint could not be written.
            SpecError: The training diverges.
        """
        at = self._start(checkpoints)
        for epoch, figures in enumerate(at.history, start=1):
            on_epoch(epoch, self._spec.epochs, figures)
        while not self._is_over(at.history):
            at = self._next(at)
            if checkpoints is not None:
                checkpoints.save(at)
            on_epoch(len(at.history), self._spec.epochs, at.history[-1])
        self._network.set_weights(at.best)
        return at.history

    def _start(self, checkpoints: Checkpoints | None) -> Checkpoint:
        if checkpoints is not None:
            rows = self._train, self._validation
            found = checkpoints.find(digest_training(self._spec.to_toml(), rows, self._trainer.state))
            if found is not None:
                self._trainer.restore(found.state)
                return found
        return Checkpoint([], [], self._network.get_weights())

    def _is_over(self, history: Sequence[Mapping[str, float]]) -> bool:
        waited = len(history) - self._best_epoch(history) if history else 0
        return len(history) >= self._spec.epochs or waited >= self._spec.patience

    def _next(self, last: Checkpoint) -> Checkpoint:
        epoch = len(last.history) + 1
        order = np.random.default_rng([self._spec.seed, epoch]).permutation(len(self._train.labels))
        loss = self._trainer.run_epoch(self._train, order)
        if not np.isfinite(loss):
            rates = "model.deep_learning_rate and model.wide_learning_rate"
            raise SpecError(f"the loss of epoch {epoch} is {loss}, expected a finite one; lower {rates}")
        measured = self._network.head.measure(
            self._validation.labels.numpy(), self._trainer.score(self._validation)
        )
        history = [*last.history, {"loss": loss, **measured}]
        best = self._network.get_weights() if self._best_epoch(history) == epoch else last.best
        return Checkpoint(history, [variable.numpy() for variable in self._trainer.state], best)

    def _best_epoch(self, history: Sequence[Mapping[str, float]]) -> int:
        return 1 + int(np.argmax([self._network.head.goodness(figures) for figures in history]))
