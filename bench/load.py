"""Load on a gRPC method from h2load, which is no bottleneck: it posts one prepared frame over HTTP/2.

Needs ``h2load`` from Debian's nghttp2-client.
"""

import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.echo import METHOD, SERVICE
from bench.errors import BenchError


@dataclass(frozen=True, slots=True)
class Load:
    """What one round of load saw."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float


def run_load(port: int, request: bytes, *, in_flight: int, count: int) -> Load:
    """Sends `count` requests, `in_flight` at a time, over at most four connections.

    Raises:
        BenchError: h2load is missing, or a request failed.
    """
    if shutil.which("h2load") is None:
        raise BenchError("h2load is not installed; on Debian: apt-get install nghttp2-client")
    connections = min(in_flight, 4)
    with tempfile.TemporaryDirectory() as scratch:
        frame, log = Path(scratch, "frame"), Path(scratch, "log")
        frame.write_bytes(struct.pack(">BI", 0, len(request)) + request)
        command = ["h2load", "-n", count, "-c", connections, "-m", in_flight // connections, "-d", frame]
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers", f"--log-file={log}"]
        url = f"http://127.0.0.1:{port}/{SERVICE}/{METHOD}"
        run = subprocess.run([*map(str, command), url], capture_output=True, text=True, check=False)
        if run.returncode:
            raise BenchError(f"h2load failed: {run.stderr or run.stdout}")
        return _summary(log, count)


def _summary(log: Path, count: int) -> Load:
    started, status, duration = np.loadtxt(log, dtype=np.int64, usecols=(0, 1, 2), unpack=True, ndmin=2)
    if len(status) != count or np.any(status != 200):
        raise BenchError(f"{count - int(np.sum(status == 200))} of {count} requests failed")
    seconds = (np.max(started + duration) - np.min(started)) / 1e6
    p50, p99 = np.percentile(duration, [50, 99]) / 1e3
    return Load(requests_per_second=count / seconds, p50_ms=float(p50), p99_ms=float(p99))
