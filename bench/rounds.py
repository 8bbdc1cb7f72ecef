"""Servers that are loaded in turn, round by round, so that a drift of the machine's speed touches all alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.load import RECOMMEND, Load, run_load
from bench.spread import spread

ROUNDS = 5
SECONDS_PER_ROUND = 2.0

Rounds = dict[str, list[Load]]
"""What the rounds of each server saw."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a server is asked; see `run_load`."""

    port: int
    request: bytes
    path: str = RECOMMEND
    answer_bytes: int = 0

    def load(self, in_flight: int, count: int) -> Load:
        """Asks so often, and returns what was seen."""
        return run_load(
            self.port,
            self.request,
            in_flight=in_flight,
            count=count,
            path=self.path,
            answer_bytes=self.answer_bytes,
        )


def in_turn(targets: Mapping[str, Target], in_flight: int) -> Rounds:
    """Loads the servers in turn, all of them `ROUNDS` times."""
    counts = {name: _requests_for(target, in_flight) for name, target in targets.items()}
    rounds: Rounds = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, target in targets.items():
            rounds[name].append(target.load(in_flight, counts[name]))
    return rounds


def figures(loads: Sequence[Load]) -> dict[str, object]:
    """Returns the medians of the rounds of a server, and the spread of its requests/s."""
    rates = [load.requests_per_second for load in loads]
    return {
        "requests_per_second": round(median(rates), 1),
        "requests_per_second_range": [round(min(rates), 1), round(max(rates), 1)],
        "p50_ms": round(median(load.p50_ms for load in loads), 3),
        "p99_ms": round(median(load.p99_ms for load in loads), 3),
    }


def ratios(ours: Sequence[Load], theirs: Sequence[Load]) -> dict[str, float]:
    """Returns the requests/s of a server over those of another, round by round."""
    pairs = zip(ours, theirs, strict=True)
    return spread([mine.requests_per_second / other.requests_per_second for mine, other in pairs])


def best_of_each_round(rounds: Sequence[Sequence[Load]]) -> list[Load]:
    """Returns the fastest server's load of each round."""
    return [max(found, key=lambda load: load.requests_per_second) for found in zip(*rounds, strict=True)]


def _requests_for(target: Target, in_flight: int) -> int:
    """How many requests fill a round; found by a short one that also warms the server up."""
    trial = target.load(in_flight, 2 * in_flight)
    return max(2 * in_flight, int(trial.requests_per_second * SECONDS_PER_ROUND))
