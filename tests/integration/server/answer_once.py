"""Serves one request and prints the class it is answered with, then the modules that were imported by then.

Run as a process of its own, with the folder of a site and the time that it is.
"""

import asyncio
import sys
from pathlib import Path

from paceline import AsyncPacelineClient
from server.app.server import Server
from server.app.settings import Settings
from tests.support.fake_runner import FakeRunners


async def answer_once(root: Path, now: float) -> str:
    settings = Settings(
        models=str(root / "models"),
        model="ranking",
        repo=root / "feature_repo",
        port=0,
        http_port=0,
        admin_address="127.0.0.1:0",
        poll_seconds=0.01,
    )
    stop, ports = asyncio.Event(), asyncio.get_running_loop().create_future()
    server = Server(settings, start_runner=FakeRunners().start, now=lambda: now)
    task = asyncio.create_task(server.run(stop, ports.set_result))
    async with AsyncPacelineClient(f"127.0.0.1:{(await ports).grpc}", timeout=30) as client:
        await client.wait_until_serving(60)
        response = await client.recommend_classes("m1")
    stop.set()
    await task
    return response.classes[0].class_id


print(asyncio.run(answer_once(Path(sys.argv[1]), float(sys.argv[2]))))  # noqa: T201 (its answer)
print(*sys.modules)  # noqa: T201 (its answer)
