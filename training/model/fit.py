"""Fitting a model to a table."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from contract.stubs import manifest_pb2 as pb
from training.model.checkpoint import Checkpoints
from training.model.checks import check_crosses, check_inputs
from training.model.epochs import Epochs, OnEpoch
from training.model.fitted import FittedModel
from training.model.folding import fold
from training.model.head import LogisticHead
from training.model.inputs import InputEncoder
from training.model.network import Network
from training.model.position import PositionBias
from training.model.spec import ModelSpec
from training.model.trainer import Rows, Trainer
from training.table import Table


def fit(
    inputs: Sequence[pb.Input],
    train: Table,
    validation: Table,
    spec: ModelSpec,
    on_epoch: OnEpoch,
    *,
    checkpoints: Checkpoints | None = None,
) -> FittedModel:
    """Trains a model; the same rows, spec and machine give the same model.

    Vocabularies, moments and buckets come from `train` only. Training ends when the AUC of `validation` has not
    risen for `spec.patience` epochs, the weights of the best epoch are kept, and their scores are calibrated on
    `validation`. Seeds the process's random numbers and makes its TensorFlow operations deterministic.

    Args:
        inputs: The inputs; their columns are in both tables.
        train: At least one row, with both labels.
        validation: At least one row, with both labels.
        spec: The model and its training.
        on_epoch: Called after each epoch with "loss", "validation_loss" and "validation_auc".
        checkpoints: Where the state is kept after each epoch, and found by a training that was killed; None for
            nowhere.

    Raises:
        SpecError: An input or a cross can't be one.
        PublishError: A checkpoint could not be written.
    """
    check_inputs(inputs)
    check_crosses(inputs, spec)
    keras.utils.set_random_seed(spec.seed)
    tf.config.experimental.enable_op_determinism()
    encoder = InputEncoder(inputs, train.columns, spec)
    position = None if train.positions is None else PositionBias(train.positions)
    layouts = encoder.member.layout, encoder.classes.layout
    network = Network(*layouts, spec, LogisticHead.of(train.labels), position)
    splits = _encode(encoder, train), _encode(encoder, validation)
    trainer = Trainer(network, spec)
    history = Epochs(network, trainer, *splits, spec).run(on_epoch, checkpoints)
    head = network.head.calibrated(validation.labels, trainer.score(splits[1]))
    return FittedModel(encoder, fold(network), head, history)


def _encode(encoder: InputEncoder, table: Table) -> Rows:
    member = encoder.member.encode(table.columns, len(table))
    classes = encoder.classes.encode(table.columns, len(table))
    positions = () if table.positions is None else table.positions
    return Rows(*tf.nest.map_structure(tf.constant, (member, classes, table.labels, positions)))
