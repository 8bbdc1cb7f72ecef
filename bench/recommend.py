"""`RecommendClasses` over the whole catalogue, beside a bare echo of the response and the straightforward build.

The servers run at the same time on one core and are loaded in turn from another, round by round, so that a drift
of the machine's speed touches all alike. h2load posts one prepared frame, so every request is for the same member.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.codes import check_codes
from bench.machine import describe_machine
from bench.peer_servers import start_echo, start_peer
from bench.processes import Served, on_cores, paceline_server, redis_server
from bench.rounds import ROUNDS, Rounds, Target, figures, in_turn, ratios
from bench.site import LAYERS, PAGE_SIZE, REQUEST, Site, build_site, redis_site
from bench.steady import at_half

IN_FLIGHT = (1, 32)
SERVER_CORES, LOAD_CORES = {0}, {1}
ECHO, NAIVE = "echo", "naive"


def bench_recommend(classes: int, *, with_naive: bool = True) -> dict[str, object]:
    """Builds a site, runs all rounds, and returns the document.

    Args:
        classes: How many classes there are.
        with_naive: Whether the straightforward build is measured, which takes long where there are many.
    """
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        built = build_site(folder / "site", classes=classes)
        with on_cores(LOAD_CORES):
            redis = stack.enter_context(redis_server(folder))
        site = redis_site(built, redis)
        with on_cores(SERVER_CORES):
            servers = _start_servers(folder, site, stack)
            ports = {name: server.port for name, server in servers.items()}
            ports[ECHO] = start_echo(folder, servers["tensorflow"], stack)
            if with_naive:
                ports[NAIVE] = _start_naive(folder, site, stack)
        targets = {name: Target(port, REQUEST) for name, port in ports.items()}
        with on_cores(LOAD_CORES):
            rounds = {in_flight: in_turn(targets, in_flight) for in_flight in IN_FLIGHT}
            for server in servers.values():
                check_codes(server)  # before calls are cut off, as those of a steady stream are in the end
            at_half_rows = at_half({name: ports[name] for name in servers}, REQUEST, rounds[IN_FLIGHT[-1]], folder)
    return {
        "benchmark": "recommend",
        "machine": describe_machine(),
        "classes": classes,
        "layer_sizes": LAYERS,
        "page_size": PAGE_SIZE,
        "rounds": ROUNDS,
        "results": [{"in_flight": count, "servers": _rows(found)} for count, found in rounds.items()],
        "at_half": at_half_rows,
    }


def _start_servers(scratch: Path, site: Site, stack: ExitStack) -> dict[str, Served]:
    return {
        runtime: stack.enter_context(
            paceline_server(site.models, "--runtime", runtime, log=scratch / f"{runtime}.log", env=site.env)
        )
        for runtime in ("tensorflow", "openvino")
    }


def _start_naive(scratch: Path, site: Site, stack: ExitStack) -> int:
    """Starts the straightforward build and returns its port."""
    version = site.models / "ranking" / "1"
    class_ids = scratch / "class_ids"
    class_ids.write_text("\n".join(site.class_ids()), encoding="utf-8")
    command = ["bench.naive", "feature_repo", site.env["PACELINE_PROFILE"], version, class_ids]
    return start_peer(command, scratch / "naive.log", stack, env=site.env)


def _rows(rounds: Rounds) -> dict[str, object]:
    peers = {"share_of_echo": ECHO, "times_naive": NAIVE}
    return {
        name: {
            **figures(loads),
            **{key: ratios(loads, rounds[peer]) for key, peer in peers.items() if peer in rounds},
        }
        for name, loads in rounds.items()
    }
