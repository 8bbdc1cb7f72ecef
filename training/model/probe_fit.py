"""Fitting a probe to a network, and trying what it finds."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.indexed import PAGE
from training.model.encoded import Encoded
from training.model.network import Network
from training.model.probe import Probe
from training.model.side import RankedClass, RankedMember

FOUND = 0.998
"""This share of the best `PAGE` classes has to be preselected."""
STEP = 32
"""How many are preselected is a multiple of this, as is what processors compute at once."""
_UNITS = 64
"""How many units a probe reads."""
MEMBERS, CLASSES = 1256, 16_384
"""How many are worth taking."""
_FITTED = 256
"""How many of the members it is fitted to."""
_ROUNDS = 2
"""How often it is fitted again to what it found."""
_BEST, _RANDOM = 192, 64
"""How many classes of each member that is, and how many others, which it would take for good ones else."""
_PAIRS = 2**20
"""With how many pairs of other members and classes it is tried at most."""
_ELEMENTS = 2**24
"""Of a hidden layer that is computed at a time."""
_KEPT = 0.9
"""The share of the units that is kept each time the least are left out."""
_RIDGE = 1e-6


class FittedProbe(NamedTuple):
    """A probe and how much of a catalogue has to be looked at again."""

    probe: Probe
    preselected: int
    """How many classes hold `FOUND` of the best `PAGE`, a multiple of `STEP`."""


class _Pairs(NamedTuple):
    """Members, each with all classes."""

    member: RankedMember
    classes: RankedClass

    def pieces(self) -> Iterator["_Pairs"]:
        """Yields a few members at a time."""
        step = max(1, _ELEMENTS // max(1, self.classes.state.size))
        for start in range(0, len(self.member.state), step):
            yield self.of(slice(start, start + step))

    def of(self, members: slice) -> "_Pairs":
        """Returns some of the members."""
        return _Pairs(RankedMember(*(array[members] for array in self.member)), self.classes)


def fit_probe(network: Network, members: Encoded, catalogue: Encoded, seed: int) -> FittedProbe:
    """Fits a probe by least squares: first to random classes, then to those that it found the best, too.

    A ranking needs the best told apart, and the units that tell them apart are others than those of all classes.

    Args:
        network: As it is exported, with a deep part.
        members: Members in random order, at least one: it is fitted to the first, and tried with the others.
        catalogue: The classes, at least one.
        seed: Of which classes are taken first.
    """
    member = RankedMember(*map(np.asarray, network.ranked_member(members)))
    classes = RankedClass(*map(np.asarray, network.ranked_class(catalogue)))
    count = len(classes.state)
    fitted = _Pairs(member, classes).of(slice(_FITTED))
    rng = np.random.default_rng(seed)
    places = rng.integers(0, count, (1 + _ROUNDS, len(fitted.member.state), _BEST + _RANDOM))
    probe = _fit(network, fitted, places[0])
    for others in places[1:]:
        best = _best(_rough(network, probe, fitted), min(_BEST, count))
        probe = _fit(network, fitted, np.concatenate([best, others[:, :_RANDOM]], axis=1))
    tried = _Pairs(member, classes).of(slice(_FITTED, _FITTED + max(1, _PAIRS // count)))
    return FittedProbe(probe, _needed(network, probe, tried if len(tried.member.state) else fitted))


def _fit(network: Network, pairs: _Pairs, places: NDArray[np.int64]) -> Probe:
    """Fits to the classes at the places ``[members, n]``, as far as they differ for one member."""
    if network.perceptron is None:
        raise ValueError("the network has no deep part")
    states = pairs.member.state[:, np.newaxis] + pairs.classes.state[places]
    step = max(1, _ELEMENTS // states[0].size)
    pieces = [states[start : start + step] for start in range(0, len(states), step)]
    deep = [network.perceptron(piece.reshape(-1, piece.shape[2])) for piece in pieces]
    logits = np.concatenate(deep).reshape(states.shape[:2])
    logits -= logits.mean(axis=1, keepdims=True)
    active = np.maximum(states, 0)
    active -= active.mean(axis=1, keepdims=True)
    active = active.reshape(-1, active.shape[2])
    return _least_squares((active.T @ active).astype(np.float64), (active.T @ logits.ravel()).astype(np.float64))


def _least_squares(gram: NDArray[np.float64], moments: NDArray[np.float64]) -> Probe:
    """Leaves out, a tenth at a time, the units without which the squared error grows least."""
    units = np.arange(len(gram))
    ridge = _RIDGE * np.trace(gram) / len(gram) + np.finfo(np.float32).tiny
    while True:
        inverse = np.linalg.inv(gram[np.ix_(units, units)] + ridge * np.eye(len(units)))
        weights = inverse @ moments[units]
        if len(units) <= _UNITS:
            return Probe(units, weights.astype(np.float32))
        growth = weights**2 / np.diag(inverse)
        kept = max(_UNITS, int(_KEPT * len(units)))
        units = np.sort(units[np.argsort(-growth)[:kept]])


def _rough(network: Network, probe: Probe, pairs: _Pairs) -> NDArray[np.float32]:
    """Returns rough logits ``[members, classes]``."""
    classes = tf.transpose(probe.read(pairs.classes.state))
    return np.concatenate(
        [
            network.score_wide(*piece) + probe.score_all(probe.read(piece.member.state), classes)
            for piece in pairs.pieces()
        ]
    )


def _best(logits: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    return np.argpartition(-logits, count - 1, axis=1)[:, :count]


def _needed(network: Network, probe: Probe, pairs: _Pairs) -> int:
    """Returns how many classes have to be preselected for members that the probe was not fitted to."""
    logits = np.concatenate([network.score_all(*piece) for piece in pairs.pieces()])
    rough = _rough(network, probe, pairs)
    order = np.argsort(np.argsort(-rough, axis=1), axis=1)
    places = np.take_along_axis(order, _best(logits, min(PAGE, logits.shape[1])), axis=1)
    last = np.quantile(places, FOUND, method="higher")
    return int(STEP * (last // STEP + 1))
