"""Serves one request and prints the class it is answered with, then the modules that were imported by then.

Run with a folder to work in, as a process of its own.
"""

import asyncio
import sys
from pathlib import Path

from tests.integration.server.test_app import publish, running
from tests.support.feast_store import SQLITE, open_applied, write_catalogue, write_profile


async def answer_once(root: Path) -> str:
    repo = write_profile(root, SQLITE.format(root=root))
    write_catalogue(open_applied(repo), 1, {"c1": 10.0})
    publish(root, 1)
    async with running(root, repo) as server:
        await server.client.wait_until_serving(60)
        response = await server.client.recommend_classes("m1")
        return response.classes[0].class_id


print(asyncio.run(answer_once(Path(sys.argv[1]))))  # noqa: T201 (its answer)
print(*sys.modules)  # noqa: T201 (its answer)
