"""What became of the requests, as the server counts them."""

import urllib.request

from bench.errors import BenchError
from bench.processes import Served

_COUNT = "paceline_requests_total{"


def check_codes(server: Served, *, cut_off: int = 0) -> None:
    """Looks at how all requests so far ended. No load tool can: gRPC's failures are HTTP's successes.

    Args:
        server: Which was asked.
        cut_off: How many requests at most the load gave up itself, as its time was over.

    Raises:
        BenchError: One failed.
    """
    with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/metrics") as answer:
        lines: list[str] = answer.read().decode().splitlines()
    failed = [line for line in lines if line.startswith(_COUNT) and 'code="OK"' not in line]
    cancelled = [line for line in failed if 'code="CANCELLED"' in line]
    if failed != cancelled or sum(float(line.split()[-1]) for line in cancelled) > cut_off:
        raise BenchError(f"requests failed: {', '.join(failed)}")
