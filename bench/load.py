"""Load on a gRPC method from h2load, which is no bottleneck: it posts one prepared frame over HTTP/2.

Needs ``h2load`` from Debian's nghttp2-client.
"""

import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.echo import METHOD, SERVICE
from bench.errors import BenchError

RECOMMEND = f"/{SERVICE}/{METHOD}"
"""The path of the method that is loaded by default."""
FRAME_HEAD_BYTES = 5
"""In front of each message."""
_FOREVER = "100000"
_RECEIVED = re.compile(r"\((\d+)\) data$", re.MULTILINE)
"""How h2load says how many bytes the answers had, without headers."""

Rows = Callable[[], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Returns when each request was sent, in seconds since the epoch, and how many milliseconds it took."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one round of load saw."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float


def run_load(
    port: int,
    request: bytes,
    *,
    in_flight: int,
    count: int,
    connections: int = 4,
    path: str = RECOMMEND,
    answer_bytes: int = 0,
) -> Load:
    """Sends `count` requests.

    Args:
        port: The server's.
        request: The message.
        in_flight: How many are under way at a time.
        count: How many are sent.
        connections: Over how many connections at most.
        path: The method's.
        answer_bytes: The size of the message that each is answered with, to notice failures, which have none; 0
            does not look.

    Raises:
        BenchError: h2load is missing, or a request failed.
    """
    connections = min(in_flight, connections)
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        options = ["-n", count, "-c", connections, "-m", in_flight // connections]
        output = _run(_command(Path(scratch), _url(port, path), request, log, options))
        if answer_bytes:
            _check_received(output, count * (FRAME_HEAD_BYTES + answer_bytes))
        found = _rows(log)
    if len(found[0]) != count:
        raise BenchError(f"{count - len(found[0])} of {count} requests failed")
    return _summary(*found)


def load_for(port: int, request: bytes, *, seconds: int, in_flight: int, connections: int) -> Load:
    """Sends requests for so many seconds; those under way then do not count.

    A given number of requests is dealt out to the connections evenly, so the last to be answered would be those of
    the process that has the most connections, while the others have nothing to do.

    Raises:
        BenchError: h2load is missing, or a request failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        options = ["-D", seconds, "-c", connections, "-m", in_flight // connections]
        _run(_command(Path(scratch), _url(port, RECOMMEND), request, log, options))
        return _summary(*_rows(log))


@contextmanager
def steady_load(port: int, request: bytes, rate: float, scratch: Path) -> Iterator[Rows]:
    """Sends requests at a steady rate while the block is entered, whether or not the last were answered.

    Args:
        port: The server's.
        request: The message.
        rate: How many requests a second.
        scratch: A folder, which is made.

    Raises:
        BenchError: h2load is missing, or ended before the block.
    """
    scratch.mkdir()
    log = scratch / "log"
    # One connection: several would send at the same instants.
    options = ["-D", _FOREVER, "-c", 1, "-m", 100, f"--rps={rate:.3f}"]
    command = _command(scratch, _url(port, RECOMMEND), request, log, options)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield lambda: _rows(log)
            if process.poll() is not None:
                raise BenchError(f"h2load ended early with exit code {process.returncode}")
        finally:
            process.terminate()


def _url(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}{path}"


def _command(scratch: Path, url: str, request: bytes, log: Path, options: Sequence[object]) -> list[str]:
    if shutil.which("h2load") is None:
        raise BenchError("h2load is not installed; on Debian: apt-get install nghttp2-client")
    frame = scratch / "frame"
    frame.write_bytes(struct.pack(">BI", 0, len(request)) + request)
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    return [str(word) for word in ("h2load", *options, "-d", frame, *headers, f"--log-file={log}", url)]


def _run(command: Sequence[str]) -> str:
    """Returns what h2load printed."""
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise BenchError(f"h2load failed: {run.stderr or run.stdout}")
    return run.stdout


def _check_received(output: str, expected: int) -> None:
    """Looks at whether all requests were answered with a message: gRPC's failures are HTTP's successes."""
    found = _RECEIVED.search(output)
    received = int(found[1]) if found else 0
    if received < expected:
        raise BenchError(f"the answers have {received} bytes, expected {expected}: some requests failed")


def _summary(starts: NDArray[np.float64], milliseconds: NDArray[np.float64]) -> Load:
    seconds = np.max(starts + milliseconds / 1e3) - np.min(starts)
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return Load(requests_per_second=len(starts) / float(seconds), p50_ms=float(p50), p99_ms=float(p99))


def _rows(log: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    started, status, duration = np.loadtxt(log, dtype=np.int64, usecols=(0, 1, 2), unpack=True, ndmin=2)
    if np.any(status != 200):
        raise BenchError(f"{int(np.sum(status != 200))} of {len(status)} requests failed")
    return started / 1e6, duration / 1e3
