"""A part of a graph with its matrix products in whole numbers of 8 bits, as in Jacob et al., CVPR 2018."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from server.models.openvino.graph import Arrays, Part

_MARGIN = 2.0
"""How many times the greatest value of the examples is the greatest that can be told apart from greater ones."""
_LEVELS = 256
_WEIGHT_LEVELS = 127
"""Of each sign."""


@dataclass(frozen=True, slots=True)
class _Product:
    """A matrix product of activations, which are not negative, with weights."""

    node: Any
    before: Sequence[Any]
    """What is between the product and `source`, from the product on: its `ReLU`, and reshapes."""

    @property
    def source(self) -> Any:
        """What becomes the activations by the `ReLU`."""
        return self.before[-1].input_value(0)


def quantised(part: ov.Model, examples: Arrays) -> ov.Model:
    """Returns the part with what goes into each product of a `ReLU` and weights in 256 levels from 0 on.

    Weights are scaled by output. OpenVINO then computes these products in 8 bits.

    Args:
        part: The part, which stays as it is.
        examples: Inputs like those that are to come; the levels go to twice what they lead to.
    """
    found = part.clone()
    products = [_Product(node, before) for node in _of_weights(found) if (before := _relu_before(node))]
    for product, peak in zip(products, _peaks(found, products, examples), strict=True):
        _round_inputs(product, np.float32(_MARGIN * peak or 1))
        product.node.input(1).replace_source_output(_rounded_weights(product.node))
    found.validate_nodes_and_infer_types()
    return found


def _of_weights(part: ov.Model) -> Iterator[Any]:
    """Yields the products whose second factor is constant."""
    for node in part.get_ordered_ops():
        if node.get_type_name() == "MatMul" and node.input_value(1).get_node().get_type_name() == "Constant":
            yield node


def _relu_before(product: Any) -> list[Any]:
    """Returns the `ReLU` before a product and the reshapes around it, nothing if there is none."""
    found = []
    node = product.input_value(0).get_node()
    while node.get_type_name() in ("Relu", "Reshape"):
        found.append(node)
        node = node.input_value(0).get_node()
    return found if any(node.get_type_name() == "Relu" for node in found) else []


def _peaks(part: ov.Model, products: Sequence[_Product], examples: Arrays) -> list[float]:
    """Returns the greatest value that goes into each product for the examples, 0 if all are negative."""
    if not products:
        return []
    ends = [product.source for product in products]
    probe = Part(ov.Model(ends, part.get_parameters(), "probe")).function()
    return [max(0.0, float(values.max())) for values in probe(examples)]


def _round_inputs(product: _Product, most: np.float32) -> None:
    """Rounds what goes into a product to levels from 0 on, in place of its `ReLU`.

    That is done before any reshape, so that OpenVINO does it with the sum before that, not in a pass of its own.
    """
    none = np.float32(0)
    levels = ops.fake_quantize(product.source, none, most, none, most, _LEVELS)
    port = product.node.input(0)
    for node in product.before:
        if node.get_type_name() == "Relu":
            port.replace_source_output(node.input_value(0))
        else:
            port = node.input(0)
    port.replace_source_output(levels.output(0))


def _rounded_weights(node: Any) -> Any:
    weights: NDArray[np.float32] = node.input_value(1).get_node().get_data()
    inner = 1 if node.get_attributes()["transpose_b"] else 0
    greatest = np.abs(weights).max(axis=inner, keepdims=True)
    steps = np.where(greatest > 0, greatest, np.float32(1)) / np.float32(_WEIGHT_LEVELS)
    levels = ops.convert(ops.constant(np.round(weights / steps).astype(np.int8)), np.float32)
    return ops.multiply(levels, ops.constant(steps.astype(np.float32))).output(0)
