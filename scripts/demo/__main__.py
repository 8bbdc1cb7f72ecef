"""The whole loop in a few minutes: `make demo`."""

import asyncio
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.table import Table

from contract.manifest import read_manifest, write_manifest
from paceline import AsyncPacelineClient, RetryPolicy
from paceline.v1.model_service_pb2 import VERSION_STATE_AVAILABLE
from scripts.demo.commands import DemoError, console, data_folder, free_port, paceline, serving
from scripts.demo.traffic import MEMBERS, Traffic

MODELS = Path("models")
SAMPLE = ("m000007", "m000042", "m001234")
STEADY_SECONDS = 5.0
SWITCH_SECONDS = 120.0
ROLLBACK_SECONDS = 2.0
MARKER = "made-by-demo"


async def main() -> None:
    """Runs the demo.

    Raises:
        DemoError: Something that it shows did not hold.
    """
    began = time.monotonic()
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    clear_last_demo()
    chapter("A fitness world, its features, and a first model")
    await paceline(
        "simulate", "--members", MEMBERS, "--classes", 300, "--days", 30, "--events-per-day", 8000, "--seed", 7
    )
    await paceline("features", "apply")
    await materialise_and_train(yesterday - timedelta(days=2))
    await serve_and_switch(yesterday)
    console.print(
        f"\n[bold green]Done in {time.monotonic() - began:.0f} s.[/] Next: paceline serve, and in another"
    )
    console.print(f"terminal: paceline recommend {SAMPLE[0]}", highlight=False)


def clear_last_demo() -> None:
    """Removes what an earlier demo left.

    Raises:
        DemoError: The folders hold something that no demo made.
    """
    for folder in (data_folder(), MODELS):
        if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
            raise DemoError(f"{folder}/ holds something that the demo did not make; move it away first")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / MARKER).touch()


async def materialise_and_train(until: date, niceness: int = 0) -> None:
    """Brings the online store to the end of a day, trains on what was known by then, and publishes."""
    await paceline("features", "materialize", "--until", until, niceness=niceness)
    await paceline("train", "--until", until, niceness=niceness)


async def serve_and_switch(newest: date) -> None:
    """Serves version 1, trains and publishes version 2 under traffic, takes it back, and reports."""
    port, http_port, admin_port = free_port(8500), free_port(8501), free_port(8502)
    address, admin = f"127.0.0.1:{port}", f"127.0.0.1:{admin_port}"
    flags = ("--port", port, "--http-port", http_port, "--admin-address", admin)
    async with (
        serving(*flags, log=data_folder() / "server.log"),
        AsyncPacelineClient(address, retry=RetryPolicy(attempts=1)) as client,
    ):
        with console.status("The server loads version 1"):
            await client.wait_until_serving(timeout=SWITCH_SECONDS)
        chapter("Recommendations from version 1")
        for member in SAMPLE:
            await paceline("recommend", member, "--address", address, "--page-size", 5)
        chapter("Newer days, a second model, and requests all the while")
        traffic = Traffic(client)
        stream = asyncio.create_task(traffic.run())
        phases = [("steady, version 1", time.monotonic())]
        await asyncio.sleep(STEADY_SECONDS)
        phases.append(("while version 2 is trained", time.monotonic()))
        await materialise_and_train(newest, niceness=10)  # elsewhere, training has a machine of its own
        phases.append(("while version 2 loads", time.monotonic()))
        await paceline("models", "list", "--address", address)
        async with asyncio.timeout(SWITCH_SECONDS):
            switched = await traffic.first_answer_from(2)
        phases.append(("steady, version 2", switched))
        await asyncio.sleep(STEADY_SECONDS)
        chapter("A broken version, and a rollback")
        phases.append(("while a broken version 3 is refused", time.monotonic()))
        publish_broken(3)
        await refused(client, 3)
        await paceline("models", "list", "--address", address)
        phases.append(("rolled back to version 1", await roll_back(traffic, admin)))
        await asyncio.sleep(STEADY_SECONDS)
        traffic.stop()
        await stream
        await paceline("models", "unpin", "--admin-address", admin, "--reason", "the next version may come")
        await paceline("models", "history", "--admin-address", admin)
    shutil.rmtree(MODELS / "ranking" / "3")
    report(traffic, phases)


def publish_broken(version: int) -> None:
    """Publishes a copy of version 2 under another number, with the last byte of its weights cut off."""
    folder = MODELS / "ranking"
    aside = folder / ".broken.partial"
    shutil.copytree(folder / "2", aside)
    manifest = read_manifest(folder / "2")
    manifest.version = version
    write_manifest(aside, manifest)
    weights = next(aside.rglob("variables.data*"))
    weights.write_bytes(weights.read_bytes()[:-1])
    aside.rename(folder / str(version))
    console.print(f"Version {version} is published with a byte of {weights.name} missing.", highlight=False)


async def refused(client: AsyncPacelineClient, version: int) -> None:
    """Waits until the server has refused a version.

    Raises:
        DemoError: It serves.
    """
    async with asyncio.timeout(SWITCH_SECONDS):
        while True:
            for found in (await client.get_model_status("ranking")).versions:
                if found.model_version.version == version and found.refusal_reason:
                    return
                if found.model_version.version == version and found.state == VERSION_STATE_AVAILABLE:
                    raise DemoError(f"version {version} serves, though it is broken")
            await asyncio.sleep(0.1)


async def roll_back(traffic: Traffic, admin: str) -> float:
    """Takes version 2 back, and returns when the first request was sent that version 1 answered.

    Raises:
        DemoError: That took more than two seconds.
    """
    await paceline("models", "rollback", "--admin-address", admin, "--reason", "to show it")
    done = time.monotonic()
    first = await traffic.first_answer_from(1, after=done)
    console.print(f"The first answer from version 1 came {first - done:.2f} s after the command had ended.")
    if first - done > ROLLBACK_SECONDS:
        raise DemoError(f"the rollback took {first - done:.1f} s, expected at most {ROLLBACK_SECONDS:g}")
    return first


def report(traffic: Traffic, phases: Sequence[tuple[str, float]]) -> None:
    """Prints what the requests saw.

    Raises:
        DemoError: A request failed.
    """
    table = Table(title="Requests", title_justify="left")
    for heading in ("phase", "requests", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="left" if heading == "phase" else "right")
    ends = [start for _, start in phases[1:]] + [float("inf")]
    for (phase, start), end in zip(phases, ends, strict=True):
        count, p50, p99 = traffic.latency_between(start, end)
        table.add_row(phase, str(count), f"{p50:.1f}", f"{p99:.1f}")
    console.print(table)
    by_version = {version: sum(a.version == version for a in traffic.answers) for version in (1, 2)}
    console.print(
        f"sent {len(traffic.answers)}, answered by version 1: {by_version[1]}, by version 2: {by_version[2]}"
    )
    console.print(f"failed: {len(traffic.errors)}", style="bold green" if not traffic.errors else "bold red")
    if traffic.errors:
        raise DemoError(f"{len(traffic.errors)} requests failed, the first with: {traffic.errors[0]}")


def chapter(title: str) -> None:
    """Prints a heading."""
    console.print()
    console.rule(f"[bold]{title}", align="left")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (DemoError, TimeoutError) as error:
        console.print(f"[bold red]The demo failed:[/] {error or 'version 2 did not serve in time'}")
        sys.exit(1)
