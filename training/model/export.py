"""Writing a fitted model as a SavedModel."""

from pathlib import Path

import tensorflow as tf

from training.model.signatures import Signatures

METHOD_NAMES = {"classify": "tensorflow/serving/classify", "regress": "tensorflow/serving/regress"}
"""What TensorFlow Serving demands of these signatures, where `tf.saved_model.save` writes "predict"."""


def export(signatures: Signatures, directory: Path) -> None:
    """Writes the model into `directory`."""
    root = tf.Module()
    root.network = signatures.network
    root.tables = [vocabulary.table for vocabulary in signatures.encoder.vocabularies.values()]
    functions = signatures.concrete()
    tf.saved_model.save(root, str(directory), signatures=functions)
    updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(directory))
    for name in METHOD_NAMES.keys() & functions.keys():
        updater.replace_method_name(signature_key=name, method_name=METHOD_NAMES[name])
    updater.save()
