"""Fitting a model to a table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.model.checkpoint import Checkpoints
from training.model.checks import check_attention, check_crosses, check_inputs
from training.model.ensemble import joined_spec
from training.model.epochs import Epochs, History, OnEpoch
from training.model.fitted import FittedModel
from training.model.head import head_of
from training.model.inputs import InputEncoder
from training.model.network import Network
from training.model.notes import row_notes
from training.model.position import PositionBias
from training.model.snapshot import Snapshot
from training.model.spec import ModelSpec
from training.model.trainer import Rows, Trainer
from training.model.warm_start import warm_start
from training.table import Table


def fit(
    inputs: Sequence[pb.Input],
    train: Table,
    validation: Table,
    spec: ModelSpec,
    on_epoch: OnEpoch,
    *,
    checkpoints: Checkpoints | None = None,
    start: Snapshot | None = None,
) -> FittedModel:
    """Trains a model, of one network or several; the same rows, spec and machine give the same model.

    Vocabularies, moments and buckets come from `train` only. Training ends when the AUC of `validation` has not
    risen, or the squared error of a regression not fallen, for `spec.patience` epochs. The weights of the best
    epoch are kept, and their scores are calibrated on `validation`. Seeds the process's random numbers and makes
    its TensorFlow operations deterministic.

    Args:
        inputs: The inputs; their columns are in both tables.
        train: At least two rows, with both labels; with different ones for a regression.
        validation: The same.
        spec: The model and its training.
        on_epoch: Called after each epoch with "loss", "validation_loss" and "validation_auc" or "validation_rmse".
        checkpoints: Where the state is kept after each epoch, and found by a training that was killed; None for
            nowhere.
        start: The weights to start from, of an earlier version; None starts anew.

    Raises:
        SpecError: An input or a cross can't be one, or the ensemble is too large.
        PublishError: A checkpoint could not be written.
    """
    check_inputs(inputs)
    check_crosses(inputs, spec)
    check_attention(inputs, spec)
    joined_spec(spec)
    tf.config.experimental.enable_op_determinism()
    encoder = InputEncoder(inputs, train.columns, spec)
    notes = list(row_notes(inputs, train.columns, len(train), spec))
    splits = _encode(encoder, train), _encode(encoder, validation)
    trained = []
    for place in range(spec.ensemble_size):
        own = replace(spec, seed=(spec.seed + place) % 2**31)
        network = _new_network(encoder, train, own)
        if start is not None:
            notes += warm_start(encoder, network, start)
        elif spec.warm_start:
            notes.append("warm start: there is no version to start from, so the model starts anew")
        trained.append(_train(network, splits, own, _counted(on_epoch, place, spec.ensemble_size), checkpoints))
    logits = np.mean([one.validation_logits for one in trained], axis=0)
    head = trained[0].network.head.calibrated(validation.labels, logits)
    return FittedModel(encoder, [one.network for one in trained], head, trained[0].history, notes)


class _Trained(NamedTuple):
    """A network with the weights of its best epoch."""

    network: Network
    history: History
    validation_logits: NDArray[np.float32]


def _new_network(encoder: InputEncoder, train: Table, spec: ModelSpec) -> Network:
    """Seeds the process's random numbers, and returns a network that has learned nothing yet."""
    keras.utils.set_random_seed(spec.seed)
    position = None if train.positions is None else PositionBias(train.positions)
    head = head_of(spec.objective, train.labels)
    return Network(encoder.member.layout, encoder.classes.layout, spec, head, position)


def _train(
    network: Network,
    splits: tuple[Rows, Rows],
    spec: ModelSpec,
    on_epoch: OnEpoch,
    checkpoints: Checkpoints | None,
) -> _Trained:
    trainer = Trainer(network, spec)
    history = Epochs(network, trainer, *splits, spec).run(on_epoch, checkpoints)
    return _Trained(network, history, trainer.score(splits[1]))


def _counted(on_epoch: OnEpoch, place: int, count: int) -> OnEpoch:
    """Returns what tells `on_epoch` of the epochs of one network as some of those of all `count`."""
    return lambda epoch, epochs, figures: on_epoch(place * epochs + epoch, count * epochs, figures)


def _encode(encoder: InputEncoder, table: Table) -> Rows:
    member = encoder.member.encode(table.columns, len(table))
    classes = encoder.classes.encode(table.columns, len(table))
    positions = () if table.positions is None else table.positions
    return Rows(*tf.nest.map_structure(tf.constant, (member, classes, table.labels, positions)))
