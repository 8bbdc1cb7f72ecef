"""Folding into the weights of a network what only its training needs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from training.model.network import Network
from training.model.snapshot import named_weights


def fold(network: Network) -> Network:
    """Returns a network without batch norm and position that gives the same logits, up to rounding.

    At inference batch norm is ``scale * x + shift`` with fixed numbers, and what it follows is linear (Jacob et
    al., CVPR 2018, section 3.2): the kernels take the scale, and the bias takes both. The mean of the position is
    part of the network's bias.
    """
    folded = Network(*network.layouts, replace(network.spec, batch_norm=False, precision="float32"), network.head)
    trained = dict(named_weights(network))
    for name, variable in named_weights(folded):
        if name in trained:  # the biases of layers that batch norm follows are not
            variable.assign(trained[name])
    if network.position is not None:
        folded.bias.assign_add(network.position.mean())
    for norm, (kernels, bias) in zip(_norms(network), _linear(folded), strict=False):
        _fold_norm(norm, kernels, bias)
    return folded


def _norms(network: Network) -> list[Any]:
    if network.perceptron is None or not network.spec.batch_norm:
        return []
    return [activation.norm for activation in network.perceptron.activations]


def _linear(network: Network) -> Iterator[tuple[Sequence[Any], Any]]:
    """Yields the kernels whose products add up to a hidden layer, and its bias, layer by layer."""
    if network.perceptron is not None:
        projections = [side.deep for side in (network.member, network.classes) if side.deep is not None]
        yield [projection.dense.kernel for projection in projections], network.perceptron.bias
        for dense in network.perceptron.dense[:-1]:
            yield [dense.kernel], dense.bias


def _fold_norm(norm: Any, kernels: Sequence[Any], bias: Any) -> None:
    scale = norm.gamma * tf.math.rsqrt(norm.moving_variance + norm.epsilon)
    for kernel in kernels:
        kernel.assign(kernel * scale)
    bias.assign((bias - norm.moving_mean) * scale + norm.beta)
