"""An ensemble of networks as one network (deep ensembles, Lakshminarayanan et al., NeurIPS 2017).

Networks that differ in their seeds alone err in different ways, so the mean of their logits errs less than they.
A network whose layers are so many times as wide can hold them all: the embeddings of a category lie side by side,
and the kernels are block-diagonal. So an ensemble is exported and served as any other model is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.model.network import Network
from training.model.snapshot import named_weights
from training.model.spec import ModelSpec

_Join = Callable[[Sequence[NDArray[Any]]], NDArray[Any]]


def joined_spec(spec: ModelSpec) -> ModelSpec:
    """Returns the specification of the network that holds the ensemble of a specification.

    Raises:
        SpecError: A size is out of its range.
    """
    count = spec.ensemble_size
    sizes = tuple(count * size for size in spec.layer_sizes)
    return replace(spec, ensemble_size=1, layer_sizes=sizes, embedding_size=count * spec.embedding_size)


def join(networks: Sequence[Network]) -> Network:
    """Returns a network whose logits are the mean of those of `networks`, up to rounding.

    Args:
        networks: Folded networks (see `folding`) that differ in their weights only.
    """
    if len(networks) == 1:
        return networks[0]
    first = networks[0]
    spec = joined_spec(replace(first.spec, ensemble_size=len(networks)))
    joined = Network(*first.layouts, spec, first.head)
    weights = [{name: weight.numpy() for name, weight in named_weights(network)} for network in networks]
    how = _how(first)
    for name, variable in named_weights(joined):
        variable.assign(how[name]([of_one[name] for of_one in weights]))
    return joined


def _how(network: Network) -> Mapping[str, _Join]:
    """Returns how the weights of each name are joined."""
    how: dict[str, _Join] = dict.fromkeys(("bias", "crosses", "member.wide", "classes.wide"), _mean)
    if network.perceptron is None:
        return how
    size = network.spec.embedding_size
    sides = {"member": network.member, "classes": network.classes}
    how |= {
        f"{name}.dense": partial(_first_kernels, embedding_width=side.deep.embeddings.width, size=size)
        for name, side in sides.items()
        if side.deep is not None
    }
    last = len(network.perceptron.dense)
    how |= {f"hidden.{place}.bias": _side_by_side for place in range(last)}
    how |= {f"hidden.{place}.kernel": _block_diagonal for place in range(1, last)}
    return how | {"embeddings": _side_by_side, f"hidden.{last}.kernel": _last_kernels}


def _mean(weights: Sequence[NDArray[Any]]) -> NDArray[Any]:
    mean: NDArray[Any] = np.mean(weights, axis=0)
    return mean


def _side_by_side(weights: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(weights, axis=-1)


def _first_kernels(weights: Sequence[NDArray[Any]], embedding_width: int, size: int) -> NDArray[Any]:
    """Joins kernels ``[features * size + numbers, units]``; all networks read the same numbers."""
    embedded = [kernel[:embedding_width].reshape(-1, size, kernel.shape[1]) for kernel in weights]
    blocks = [_block_diagonal(kernels) for kernels in zip(*embedded, strict=True)]
    return np.concatenate([*blocks, _side_by_side([kernel[embedding_width:] for kernel in weights])])


def _block_diagonal(weights: Sequence[NDArray[Any]]) -> NDArray[Any]:
    rows, columns = weights[0].shape
    joined = np.zeros((len(weights), rows, len(weights), columns), weights[0].dtype)
    for place, kernel in enumerate(weights):
        joined[place, :, place] = kernel
    return joined.reshape(len(weights) * rows, -1)


def _last_kernels(weights: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(weights) / len(weights)
