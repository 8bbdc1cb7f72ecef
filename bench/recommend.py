"""`RecommendClasses` over the whole catalogue on SQLite and on Redis, beside a bare echo of the same response.

The three servers run at the same time and are loaded in turn, round by round, so that a drift of the machine's
speed touches all alike. h2load posts one prepared frame, so every request is for the same member.
"""

import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.codes import check_codes
from bench.load import Load, run_load
from bench.machine import describe_machine
from bench.processes import Served, free_port, paceline_server, redis_server, running
from bench.site import build_site, redis_site
from paceline import PacelineClient, RetryPolicy
from paceline.v1.recommendation_service_pb2 import RecommendClassesRequest

CLASSES = 2000
LAYERS = "256,128,64"
ROUNDS = 5
IN_FLIGHT = (1, 32)
MEMBER = "m000001"
PAGE_SIZE = 20
SECONDS_PER_ROUND = 2.0

Rounds = dict[str, list[Load]]


def bench_recommend() -> dict[str, object]:
    """Builds a site, runs all rounds, and returns the document."""
    request = RecommendClassesRequest(member_id=MEMBER, page_size=PAGE_SIZE).SerializeToString()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        servers = _start_servers(Path(scratch), stack)
        ports = {name: server.port for name, server in servers.items()}
        ports["echo"] = _start_echo(Path(scratch), stack, servers["sqlite"])
        results = [_measure(ports, request, in_flight) for in_flight in IN_FLIGHT]
        for server in servers.values():
            check_codes(server)
    return {
        "benchmark": "recommend",
        "machine": describe_machine(),
        "classes": CLASSES,
        "layer_sizes": LAYERS,
        "page_size": PAGE_SIZE,
        "rounds": ROUNDS,
        "results": results,
    }


def _start_servers(scratch: Path, stack: ExitStack) -> dict[str, Served]:
    site = build_site(scratch / "site", classes=CLASSES, layers=LAYERS)
    redis = redis_site(site, stack.enter_context(redis_server(scratch)))
    servers = {
        "sqlite": paceline_server(site.models, log=scratch / "sqlite.log", env=site.env),
        "redis": paceline_server(redis.models, log=scratch / "redis-site.log", env=redis.env),
    }
    return {name: stack.enter_context(server) for name, server in servers.items()}


def _start_echo(scratch: Path, stack: ExitStack, server: Served) -> int:
    """Starts what returns a server's response whatever it is asked, and returns its port."""
    response, port = scratch / "response", free_port()
    with PacelineClient(server.address) as client:
        answer = client.recommend_classes(MEMBER, page_size=PAGE_SIZE)
    response.write_bytes(answer.SerializeToString())
    stack.enter_context(running([sys.executable, "-m", "bench.echo", port, response], log=scratch / "echo.log"))
    with PacelineClient(f"127.0.0.1:{port}", retry=RetryPolicy().until_deadline()) as client:
        client.recommend_classes(MEMBER, timeout=30)
    return port


def _measure(ports: Mapping[str, int], request: bytes, in_flight: int) -> dict[str, object]:
    counts = {name: _requests_for(port, request, in_flight) for name, port in ports.items()}
    rounds: Rounds = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            rounds[name].append(run_load(port, request, in_flight=in_flight, count=counts[name]))
    return {"in_flight": in_flight, "servers": {name: _row(rounds, name) for name in rounds}}


def _requests_for(port: int, request: bytes, in_flight: int) -> int:
    """How many requests fill a round; found by a short one that also warms the server up."""
    trial = run_load(port, request, in_flight=in_flight, count=200)
    return max(200, int(trial.requests_per_second * SECONDS_PER_ROUND))


def _row(rounds: Rounds, name: str) -> dict[str, object]:
    pairs = zip(rounds[name], rounds["echo"], strict=True)
    shares = [load.requests_per_second / echo.requests_per_second for load, echo in pairs]
    rates = [load.requests_per_second for load in rounds[name]]
    return {
        "requests_per_second": round(median(rates), 1),
        "requests_per_second_range": [round(min(rates), 1), round(max(rates), 1)],
        "p50_ms": round(median(load.p50_ms for load in rounds[name]), 3),
        "p99_ms": round(median(load.p99_ms for load in rounds[name]), 3),
        "share_of_echo": round(median(shares), 4),
        "share_of_echo_range": [round(min(shares), 4), round(max(shares), 4)],
    }
