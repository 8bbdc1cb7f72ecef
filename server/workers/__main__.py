"""`python -m server.workers DESCRIPTOR`: a worker, at the other end of a connection from its supervisor."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection

import uvloop
from prometheus_client import CollectorRegistry

from contract.errors import ContractError
from server.app.process import keep_to_a_core, prepare, until_signal
from server.app.server import Server
from server.app.settings import Runtime
from server.domain.errors import StartError
from server.workers.process import Job, Link

_log = logging.getLogger("server.workers")


def main() -> None:
    """Serves until a signal, or the end of the supervisor, ends it."""
    link: Link = Connection(int(sys.argv[1]))
    job: Job = link.recv()
    prepare(job.settings.runtime, job.log_level, f"worker={job.place.number} ")
    if job.settings.runtime is Runtime.OPENVINO:
        keep_to_a_core(job.place.number, job.settings.workers)
    try:
        uvloop.run(until_signal(partial(_serve, job, link)))
    except (ContractError, StartError) as error:
        link.send(StartError(str(error)))
        sys.exit(1)


async def _serve(job: Job, link: Link, stop: asyncio.Event) -> None:
    server = Server(job.settings, place=job.place)
    end = partial(asyncio.get_running_loop().call_soon_threadsafe, stop.set)
    threading.Thread(target=_attend, args=(link, server.registry, end), name="link", daemon=True).start()
    await server.run(stop, lambda _: _say_it_listens(link))


def _say_it_listens(link: Link) -> None:
    with suppress(OSError):  # the supervisor is gone
        link.send(None)


def _attend(link: Link, registry: CollectorRegistry, end: Callable[[], object]) -> None:
    """Answers what the supervisor asks, which is nothing before the server listens, until that is gone."""
    with suppress(EOFError, OSError):
        while True:
            link.recv()
            link.send(_measured(registry))
    _log.warning("the supervisor is gone")
    end()


def _measured(registry: CollectorRegistry) -> object:
    try:
        return list(registry.collect())
    except Exception:
        _log.exception("nothing could be measured")
        return None


if __name__ == "__main__":
    main()
