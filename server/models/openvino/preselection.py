"""Which ways to look through the classes pay on this processor, and which find what there is to find."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import openvino as ov

from contract.indexed import PAGE
from server.models.openvino.classes import Classes
from server.models.openvino.exact import Exact, ExactParts
from server.models.openvino.graph import BFLOAT16, FLOAT32, Arrays, cut, is_fast_in_bfloat16
from server.models.openvino.quantised import quantised
from server.models.openvino.ranking import Catalogue, rank
from server.models.openvino.scan import Scan, Way
from server.models.openvino.sharing import Share
from server.ranking.ports import PROBED_AT_ONCE

_TIMED, _TIMES = 512, 10
"""How many classes each way is timed with, and how often; the quickest time counts."""
_PAYS = 0.75
"""A way has to take less than this share of float32's time, as what it finds is scored in float32, too."""
_FOUND = 0.99
"""Of the best `PAGE` classes a way has to find this share."""
_AS_GOOD = 1e-6
"""What a score may fall short of the last of the best to be as good."""
_DEEP = "class_state"
"""What only graphs with a deep part take."""
_PROBED = 0.02
"""The share of the classes that take as long to be scored as all take with a probe."""
_TIMES_PRESELECTED = 1, 2
"""How many times as many as it says a way is tried with."""
_TRIED = 8192
"""With how many classes of a catalogue a way is tried at most."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Example:
    """Members and classes to try ways with, and how they are scored in float32."""

    parts: ExactParts
    exact: Exact
    member: Arrays
    """The code of the members, at least one."""
    classes: Classes
    """At least one."""


Choose = Callable[[Example, Sequence[Way]], Sequence[Way]]
"""Returns the ways that pay, the best first."""


def ways_of(graph: ov.Model, preselected: int, example: Example) -> list[Way]:
    """Returns the ways to compute the logits of a graph roughly; none if it has no deep part.

    Args:
        graph: The model's.
        preselected: How many classes its own rough logits have to preselect; 0 if it has none.
        example: Members and classes to see how large activations become.
    """
    part = cut(graph, ["logits"])
    if _DEEP not in [parameter.output(0).get_any_name() for parameter in part.get_parameters()]:
        return []
    ways = [Way("int8", quantised(part, {**example.member, **example.classes.for_all()}))]
    if preselected:
        probe = cut(graph, ["rough_logits"])
        ways.append(Way("probe", probe, FLOAT32, preselected, _PROBED, PROBED_AT_ONCE, is_probe=True))
    return [*ways, Way("bfloat16", part, BFLOAT16)] if is_fast_in_bfloat16() else ways


def quickest(example: Example, ways: Sequence[Way]) -> list[Way]:
    """Returns the ways that take so much less time than float32 that they pay, the quickest first."""
    member = {name: array[:1] for name, array in example.member.items()}
    classes = example.classes.at(np.resize(np.arange(len(example.classes)), _TIMED))
    most = _PAYS * _seconds(partial(example.exact.of_all, member, classes))
    seconds = {way.name: _seconds(partial(_look_through, Scan(way, classes, 1), member)) for way in ways}
    _log.info("ranking %d classes roughly takes %s s, float32 %.2g", _TIMED, seconds, most / _PAYS)
    return sorted((way for way in ways if seconds[way.name] < most), key=lambda way: seconds[way.name])


class Preselection:
    """Decides how the classes of a catalogue are looked through.

    Args:
        example: Members to try it with.
        ways: Those that pay, the best first.
        calls_at_once: How many calls are made at a time.
        share: Shares what is kept of a catalogue.
    """

    def __init__(self, example: Example, ways: Sequence[Way], calls_at_once: int, share: Share) -> None:
        self._example = example
        self._ways = ways
        self._calls_at_once = calls_at_once
        self._share = share

    def scan_of(self, classes: Classes) -> Scan | None:
        """Returns the first way that finds the best of classes for the members of the example, if one does."""
        step = -(-len(classes) // _TRIED)
        few = classes.at(np.arange(0, len(classes), step)) if step > 1 else classes
        for way in self._worthwhile(len(classes)):
            self._example.parts.fix(way.preselected)
            tried = self._scan(way, few)
            found = self._share_found(Catalogue(few, tried))
            if found >= _FOUND:
                return tried if few is classes else self._scan(way, classes)
            _log.warning("%s finds but %.3f of the best %d in %d", way.name, found, PAGE, way.preselected)
        return None

    def _worthwhile(self, classes: int) -> Iterator[Way]:
        """Yields the ways to look through so many classes, and each again with twice as many preselected."""
        for way in self._ways:
            for times in _TIMES_PRESELECTED:
                more = replace(way, preselected=times * way.preselected)
                if more.is_worth(classes, classes, PAGE):
                    yield more

    def _scan(self, way: Way, classes: Classes) -> Scan:
        return Scan(way, classes, self._calls_at_once, self._share)

    def _share_found(self, catalogue: Catalogue) -> float:
        """Returns the share of the best classes that are found, or others that are as good."""
        exact, member = self._example.exact, self._example.member
        candidates = np.ones((len(next(iter(member.values()))), len(catalogue.classes)), np.bool_)
        best, _ = rank(exact, member, Catalogue(catalogue.classes), candidates, PAGE)
        found, _ = rank(exact, member, catalogue, candidates, PAGE)
        return float((found >= best[:, -1:] - _AS_GOOD).mean())


def _look_through(scan: Scan, member: Arrays) -> None:
    for _ in scan(member):
        pass


def _seconds(call: Callable[[], object]) -> float:
    """Returns how long the quickest of some calls takes."""
    seconds = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)
