"""What became of the requests, as the server counts them."""

import urllib.request

from bench.errors import BenchError
from bench.processes import Served

_COUNT = "paceline_requests_total{"
_GOOD = ('code="OK"', 'code="CANCELLED"')
"""Load that is for a time is cut off in its end."""


def check_codes(server: Served) -> None:
    """Looks at how all requests so far ended. No load tool can: gRPC's failures are HTTP's successes.

    Raises:
        BenchError: One failed.
    """
    with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/metrics") as answer:
        lines: list[str] = answer.read().decode().splitlines()
    failed = [line for line in lines if line.startswith(_COUNT) and not any(code in line for code in _GOOD)]
    if failed:
        raise BenchError(f"requests failed: {', '.join(failed)}")
