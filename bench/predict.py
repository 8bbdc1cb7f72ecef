"""Predict of one row and of 64 rows, beside MLServer and PyTriton with the same SavedModel.

All servers run at the same time on one core and are loaded in turn from another, round by round. Each gets named
raw features, a hundred tensors, and gives a score for each row. h2load posts one prepared frame, so every
request is for the same rows.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from bench.codes import check_codes
from bench.errors import BenchError
from bench.machine import describe_machine
from bench.predict_sides import (
    MODEL,
    Asked,
    Columns,
    PacelineSide,
    Side,
    check_installed,
    environment,
    running_peer,
)
from bench.processes import on_cores, paceline_server
from bench.recommend import IN_FLIGHT, LOAD_CORES, SERVER_CORES
from bench.rounds import ROUNDS, Rounds, best_of_each_round, figures, in_turn, ratios
from bench.site import LAYERS, Site, build_site
from contract.manifest import read_manifest
from server.models.golden import golden_columns, row_by_row

CLASSES = 500
ROWS = (1, 64)
RUNTIMES = ("tensorflow", "openvino")
TOLERANCE = 1e-5
"""How far the scores of two servers for the same row may be apart."""


def bench_peers(peers: Sequence[str]) -> dict[str, object]:
    """Trains a model, serves it with everything, runs all rounds, and returns the document.

    Args:
        peers: The names of the peers, at least one.

    Raises:
        BenchError: A peer is not installed, a request failed, or the servers give other scores.
    """
    for peer in peers:
        check_installed(peer)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        site = build_site(Path(scratch, "site"), classes=CLASSES)
        version_dir = site.models / MODEL / "1"
        with on_cores(SERVER_CORES):
            ours = _start_ours(Path(scratch), site, stack)
            theirs = {
                peer: stack.enter_context(running_peer(peer, version_dir, Path(scratch, peer))) for peer in peers
            }
        rows = golden_rows(version_dir, max(ROWS))
        with on_cores(LOAD_CORES):
            results = [
                result
                for count in ROWS
                for result in _measure(_ask({**ours, **theirs}, _first(rows, count)), peers, count)
            ]
        for side in ours.values():
            check_codes(side.server)
    return _document(peers, len(rows), results)


def golden_rows(version_dir: Path, count: int) -> Columns:
    """Returns rows of a version's golden requests, which are real ones: members with all their classes."""
    manifest = read_manifest(version_dir)
    requests = []
    for request in manifest.golden_requests:
        class_side, others = golden_columns(manifest, request)
        requests.append(row_by_row({**class_side, **others}, len(request.scores)))
    joined = {name: np.concatenate([request[name] for request in requests]) for name in requests[0]}
    if len(next(iter(joined.values()))) < count:
        raise BenchError(f"the version has fewer than {count} golden rows")
    return _first(joined, count)


def check_agreement(scores: Mapping[str, Asked]) -> None:
    """Compares the scores that the servers gave to the same rows.

    Raises:
        BenchError: Two differ by more than the tolerance.
    """
    (first, expected), *others = scores.items()
    for name, found in others:
        if found.scores.shape != expected.scores.shape:
            raise BenchError(f"{name} gives {found.scores.shape} scores, {first} {expected.scores.shape}")
        difference = float(np.abs(found.scores - expected.scores).max())
        if not difference <= TOLERANCE:
            raise BenchError(f"{name} gives scores that differ by {difference:g} from those of {first}")


def _start_ours(scratch: Path, site: Site, stack: ExitStack) -> dict[str, PacelineSide]:
    return {
        runtime: PacelineSide(
            stack.enter_context(
                paceline_server(site.models, "--runtime", runtime, log=scratch / f"{runtime}.log", env=site.env)
            )
        )
        for runtime in RUNTIMES
    }


def _ask(sides: Mapping[str, Side], rows: Columns) -> dict[str, Asked]:
    asked = {name: side.ask(rows) for name, side in sides.items()}
    check_agreement(asked)
    return asked


def _measure(asked: Mapping[str, Asked], peers: Sequence[str], rows: int) -> list[dict[str, object]]:
    targets = {name: found.target for name, found in asked.items()}
    measured = [(in_flight, in_turn(targets, in_flight)) for in_flight in IN_FLIGHT]
    return [
        {"rows": rows, "in_flight": in_flight, "servers": {name: _row(rounds, name, peers) for name in rounds}}
        for in_flight, rounds in measured
    ]


def _row(rounds: Rounds, name: str, peers: Sequence[str]) -> dict[str, object]:
    best = best_of_each_round([rounds[peer] for peer in peers])
    return {**figures(rounds[name]), "times_best_peer": ratios(rounds[name], best)}


def _first(rows: Columns, count: int) -> Columns:
    return {name: column[:count] for name, column in rows.items()}


def _document(
    peers: Sequence[str], input_count: int, results: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    return {
        "benchmark": "peers",
        "machine": describe_machine(),
        "environments": {peer: environment(peer) for peer in peers},
        "layer_sizes": LAYERS,
        "inputs": input_count,
        "rounds": ROUNDS,
        "results": results,
    }
