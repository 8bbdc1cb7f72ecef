"""What a bare client needs to write given hashes to Redis: pipelined HSET in redis-py, and nothing else."""

import pickle
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from redis import Redis

from bench.errors import BenchError

Hashes = list[tuple[bytes, dict[bytes, bytes]]]


def capture(client: Redis, keys: Iterable[Sequence[bytes]], path: Path) -> int:
    """Writes hashes of a Redis to a file, as many at a time as keys are given, and returns the bytes in them.

    Raises:
        BenchError: One is not there.
    """
    size = 0
    names: dict[bytes, bytes] = {}  # each once, as a program would have them
    with path.open("wb") as out:
        for chunk in keys:
            hashes = [
                (key, {names.setdefault(n, n): v for n, v in found.items()}) for key, found in _read(client, chunk)
            ]
            size += sum(len(key) + sum(map(len, found)) + sum(map(len, found.values())) for key, found in hashes)
            pickle.dump(hashes, out)
    return size


def replay(client: Redis, path: Path) -> float:
    """Writes the hashes of a file, a pipeline for each chunk, and returns the seconds; reading it is left out."""
    seconds = 0.0
    for hashes in _load(path):
        start = time.perf_counter()
        with client.pipeline(transaction=False) as pipe:
            for key, fields in hashes:
                pipe.hset(key, mapping=fields)  # type: ignore[arg-type]
            pipe.execute()
        seconds += time.perf_counter() - start
    return seconds


def _read(client: Redis, keys: Sequence[bytes]) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    with client.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hgetall(key)  # type: ignore[arg-type]
        for key, found in zip(keys, pipe.execute(), strict=True):
            if not found:
                raise BenchError(f"{key!r} was not written")
            yield key, found


def _load(path: Path) -> Iterator[Hashes]:
    with path.open("rb") as source:
        while source.peek(1):
            yield pickle.load(source)  # noqa: S301 - we have just written it
