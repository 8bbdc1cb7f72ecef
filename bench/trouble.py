"""What a Redis in trouble costs the requests: those that fail, and the latency after the first second.

One server, one steady stream of requests for members of whom half have asked before, and a Redis that in turn is
well, hangs, is slow, lies and is dead. The peer is the same stream while it is well. It is measured with the model
as it was trained, which takes its defaults, and with one that has to know a feature, in whose place lists answer
that were ranked beforehand.
"""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, aclosing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.asking import Answer, Asker
from bench.machine import describe_machine
from bench.processes import on_cores, paceline, paceline_server
from bench.redis_trouble import TroubledRedis
from bench.site import LAYERS, PAGE_SIZE, Site, build_site, redis_site
from contract.manifest import read_manifest, write_manifest
from contract.stubs.manifest_pb2 import MISSING_POLICY_FAIL

REQUIRED = "member_country"
"""What the strict model has to know."""
WELL = "well"
FIRST_SECOND = 1.0
SERVER_CORES, LOAD_CORES = {0}, {1}

Progress = Callable[[int, int], None]
"""Is told how many phases are over, of how many."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is gone through, and who asks.

    Attributes:
        rounds: How often each trouble is gone through.
        seconds: How long each lasts.
        requests_per_second: How many ask.
        pause_seconds: After a trouble, before the next.
        members: How many ask while all is well; as many again ask only while it is not.
    """

    rounds: int
    seconds: float
    requests_per_second: float = 100.0
    pause_seconds: float = 1.0
    members: int = 400

    @property
    def known(self) -> list[str]:
        """Who asks while all is well."""
        return [f"m{number:06}" for number in range(1, self.members + 1)]

    @property
    def everybody(self) -> list[str]:
        """Who asks while it is not: in turn one who is known and one who is not."""
        places = range(1, self.members + 1)
        return [f"m{number:06}" for place in places for number in (place, place + self.members)]


@dataclass(slots=True)
class Phases:
    """The answers of each phase, round by round, each with when its phase began."""

    answers: dict[str, list[tuple[float, Sequence[Answer]]]] = field(default_factory=dict)

    def add(self, name: str, begun: float, answers: Sequence[Answer]) -> None:
        """Adds a round of a phase."""
        self.answers.setdefault(name, []).append((begun, answers))

    def rows(self) -> dict[str, dict[str, Any]]:
        """Returns a row for each phase."""
        rows = {name: _row(rounds) for name, rounds in self.answers.items()}
        for row in rows.values():
            row["p99_ms_over_well"] = round(row["p99_ms"] - rows[WELL]["p99_ms"], 2)
        return rows


def bench_trouble(classes: int, course: Course, progress: Progress) -> dict[str, Any]:
    """Builds a site, goes through all troubles, and returns the document.

    Args:
        classes: How many classes there are.
        course: What is gone through.
        progress: Hears of each phase.
    """
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        built = build_site(folder / "site", classes=classes)
        with on_cores(LOAD_CORES):
            redis = TroubledRedis(folder)
            stack.callback(redis.close)
            site = redis_site(built, redis.port)
        paceline("batch-score", "--models", site.models, env=site.env)
        kinds = {"as trained": site.models, f"has to know {REQUIRED}": strict_models(site)}
        measured = {}
        for place, (kind, models) in enumerate(kinds.items()):
            log = folder / f"server-{place}.log"
            with on_cores(SERVER_CORES):
                server = stack.enter_context(
                    paceline_server(models, "--runtime", "openvino", log=log, env=site.env)
                )
            with on_cores(LOAD_CORES):
                told = _shifted(progress, place, len(kinds))
                measured[kind] = asyncio.run(go_through(server.address, redis, course, told)).rows()
    return {
        "benchmark": "trouble",
        "machine": describe_machine(),
        "classes": classes,
        "layer_sizes": LAYERS,
        "page_size": PAGE_SIZE,
        "requests_per_second": course.requests_per_second,
        "rounds": course.rounds,
        "seconds": course.seconds,
        "results": measured,
    }


def strict_models(site: Site) -> Path:
    """Returns the folder of a copy of the site's model, which has to know a feature."""
    models = site.root / "strict"
    shutil.copytree(site.models, models)
    version_dir = models / "ranking" / "1"
    manifest = read_manifest(version_dir)
    (spec,) = (spec for spec in manifest.inputs if spec.name == REQUIRED)
    spec.missing_policy = MISSING_POLICY_FAIL
    write_manifest(version_dir, manifest)
    return models


async def go_through(
    address: str, redis: TroubledRedis, course: Course, progress: Progress = lambda *_: None
) -> Phases:
    """Asks a server all the time, while its Redis goes through all troubles."""
    asker, phases = Asker(address, course.requests_per_second, PAGE_SIZE), Phases()
    asker.begin(course.known)
    names = [WELL, *redis.troubles] * course.rounds
    async with aclosing(asker), asyncio.TaskGroup() as tasks:  # which raises what the asker does
        asking = tasks.create_task(asker.run())
        await asyncio.sleep(course.members / course.requests_per_second)  # until each of them was read once
        for done, name in enumerate(names):
            progress(done, len(names))
            trouble = redis.troubles.get(name, nullcontext)()
            phases.add(name, *await _phase(asker, trouble, course, is_well=name == WELL))
        asking.cancel()
    progress(len(names), len(names))
    return phases


async def _phase(
    asker: Asker, trouble: AbstractContextManager[None], course: Course, *, is_well: bool
) -> tuple[float, Sequence[Answer]]:
    """Returns when a trouble began, and the answers to what was asked from then on; then the store is back."""
    asker.begin(course.known if is_well else course.everybody)
    await asyncio.to_thread(trouble.__enter__)
    try:
        begun = time.perf_counter()
        await asyncio.sleep(course.seconds)
        answers = await asker.answers()
    finally:
        await asyncio.to_thread(trouble.__exit__, None, None, None)
    asker.begin(course.known)
    await asker.until_live(course.known[0])
    await asyncio.sleep(course.pause_seconds)
    return begun, [answer for answer in answers if answer.due >= begun]


def _row(rounds: Sequence[tuple[float, Sequence[Answer]]]) -> dict[str, Any]:
    listed = [answer for _, answers in rounds for answer in answers]
    first = [a.milliseconds for begun, found in rounds for a in found if a.due < begun + FIRST_SECOND]
    later = [[a.milliseconds for a in found if a.due >= begun + FIRST_SECOND] for begun, found in rounds]
    p50s, p99s = np.array([np.percentile(found, [50, 99]) for found in later]).T.tolist()
    return {
        "requests": len(listed),
        "failed": sum(answer.has_failed for answer in listed),
        "outcomes": dict(Counter(answer.outcome for answer in listed)),
        "worst_ms_of_first_second": round(max(first), 1),
        "p50_ms": round(median(p50s), 2),
        "p99_ms": round(median(p99s), 2),
        "p99_ms_range": [round(min(p99s), 2), round(max(p99s), 2)],
    }


def _shifted(progress: Progress, place: int, count: int) -> Progress:
    """Returns a progress for one of several runs of the same length."""
    return lambda done, total: progress(place * total + done, count * total)
