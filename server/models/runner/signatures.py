"""The signatures of a SavedModel, as its `SignatureDef`s describe them."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo
from tensorflow.python.saved_model import loader_impl

from server.domain.signatures import Signature, Signatures, TensorSpec

_NOT_OFFERED = "__saved_model_init_op"

Defaults = Mapping[str, Mapping[str, tf.Tensor]]
"""By signature: the values of the inputs that may be left out."""


def read_signatures(saved_model_dir: str, tag: str) -> tuple[Signatures, Defaults]:
    """Returns the signatures of the graph with a tag, and the defaults of their inputs.

    Raises:
        ValueError: No graph has that tag and no other, which is what TensorFlow Serving loads.
        IOError: There is no SavedModel, or it does not parse.
    """
    definitions = {
        name: definition
        for name, definition in _graph(saved_model_dir, tag).signature_def.items()
        if name != _NOT_OFFERED
    }
    signatures = {name: _describe(definition) for name, definition in definitions.items()}
    return signatures, {name: _defaults(definition) for name, definition in definitions.items()}


def _graph(saved_model_dir: str, tag: str) -> Any:
    graphs = loader_impl.parse_saved_model(saved_model_dir).meta_graphs
    for graph in graphs:
        if set(graph.meta_info_def.tags) == {tag}:
            return graph
    found = [sorted(graph.meta_info_def.tags) for graph in graphs]
    raise ValueError(f"the SavedModel has graphs with the tags {found}, expected one with ['{tag}']")


def _describe(definition: SignatureDef) -> Signature:
    return Signature(
        inputs={name: _spec(info) for name, info in definition.inputs.items()},
        outputs={name: _spec(info) for name, info in definition.outputs.items()},
        method_name=definition.method_name,
        optional=frozenset(definition.defaults),
        definition=definition.SerializeToString(),
    )


def _spec(info: TensorInfo) -> TensorSpec:
    # Without a shape in it, the message reads as that of a scalar.
    shape = tf.TensorShape(info.tensor_shape if info.HasField("tensor_shape") else None)
    return TensorSpec(
        tf.as_dtype(info.dtype).base_dtype.name, None if shape.rank is None else tuple(shape.as_list())
    )


def _defaults(definition: SignatureDef) -> Mapping[str, tf.Tensor]:
    return {name: tf.constant(tf.make_ndarray(value)) for name, value in definition.defaults.items()}
