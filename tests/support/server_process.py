"""`paceline serve` in a process of its own, seen from outside."""

import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bench.memory import children
from tests.support.polling import until

ANY_PORTS = ("--port", "0", "--http-port", "0", "--admin-address", "127.0.0.1:0")

START_SECONDS = 120.0
"""For several workers to load their models, too."""

_LISTENING = re.compile(r"listening on port (\d+), for admins on port (\d+), for HTTP on port (\d+)")


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int
    admin_port: int
    http_port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def admin_address(self) -> str:
        return f"127.0.0.1:{self.admin_port}"

    @property
    def lines(self) -> Sequence[str]:
        """The lines of its log until now."""
        return self.log.read_text(encoding="utf-8").splitlines()

    @property
    def runners(self) -> frozenset[int]:
        """The processes of its runners."""
        return frozenset(children(self.process.pid))

    def runner(self, folder: str, version: int) -> int:
        """Returns the process that was started last for a version of the model in a folder."""
        found = re.findall(rf"runner pid=(\d+) loads \S+/{folder}/{version}$", "\n".join(self.lines), re.MULTILINE)
        assert found, f"no runner was started for version {version} in {folder}"
        return int(found[-1])

    def metric(self, name: str, **labels: str) -> float:
        """Returns the sum of the samples of a name that have these labels among theirs; 0 if there is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics") as answer:
            families = text_string_to_metric_families(answer.read().decode())
        samples = (sample for family in families for sample in family.samples if sample.name == name)
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


@contextmanager
def serving(
    command: Sequence[object], log: Path, *, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """Runs a server, and yields it once it listens. Kills it if it still runs at the end.

    Args:
        command: What is run.
        log: Where all that it prints goes.
        cwd: The folder that it is run in.
        env: Its environment; that of the tests if None.
    """
    words = [str(word) for word in command]
    with (
        log.open("wb") as out,
        subprocess.Popen(words, cwd=cwd, env=env, stdout=out, stderr=out) as process,
    ):
        try:
            yield ServerProcess(process, log, *_ports(process, log))
        finally:
            process.kill()


def _ports(process: subprocess.Popen[bytes], log: Path) -> Iterator[int]:
    def listening() -> re.Match[str] | None:
        printed = log.read_text(encoding="utf-8")
        assert process.poll() is None, f"the server ended: {printed}"
        return _LISTENING.search(printed)

    return map(int, until(listening, START_SECONDS).groups())
