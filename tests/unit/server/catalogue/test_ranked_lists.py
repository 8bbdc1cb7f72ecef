"""Lists that were ranked beforehand, in files."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.ranked_lists import CLASS_IDS, SCORES, VERSION
from server.catalogue.ranked_lists import ParquetLists
from server.ranking.ports import RankedList


@pytest.fixture
def lists(tmp_path: Path) -> Iterator[ParquetLists]:
    with ThreadPoolExecutor(1) as thread:
        yield ParquetLists(tmp_path / "lists", thread)


def write(folder: Path, number: int, members: Mapping[str, str], version: int = 1) -> None:
    """Writes a file of two members a group, whose classes are letters, and renames it into place."""
    folder.mkdir(exist_ok=True)
    rows = pa.table(
        {
            "member_id": list(members),
            CLASS_IDS: [list(letters) for letters in members.values()],
            SCORES: pa.array([[0.5] * len(letters) for letters in members.values()], pa.list_(pa.float32())),
            VERSION: [version] * len(members),
        }
    )
    aside = folder / ".aside"
    pq.write_table(rows, aside, row_group_size=2)
    aside.rename(folder / f"shard-{number:05}.parquet")
    os.utime(folder, ns=(0, folder.stat().st_mtime_ns + 10**9))  # another time, however fast the test is


async def test_a_member_is_found_in_whichever_group_they_are(tmp_path: Path, lists: ParquetLists) -> None:
    folder = tmp_path / "lists"
    write(folder, 0, {"a": "xy", "c": "x", "e": "z"})
    write(folder, 1, {"g": "zx", "i": ""})

    found = {name: await lists.find("member_id", name) for name in "abcdefghij"}

    ids = {name: "".join(ranked.class_ids) for name, ranked in found.items() if ranked}
    assert ids == {"a": "xy", "c": "x", "e": "z", "g": "zx", "i": ""}
    assert found["a"] == RankedList(["x", "y"], [0.5, 0.5], 1)


async def test_a_folder_that_comes_and_changes_is_noticed(tmp_path: Path, lists: ParquetLists) -> None:
    folder = tmp_path / "lists"
    assert await lists.find("member_id", "a") is None

    write(folder, 0, {"a": "x"})
    assert await lists.find("member_id", "a") == RankedList(["x"], [0.5], 1)

    write(folder, 0, {"a": "y", "b": "x"}, version=2)
    assert await lists.find("member_id", "a") == RankedList(["y"], [0.5], 2)


async def test_what_can_not_be_read_is_no_list_and_spoils_no_other(
    tmp_path: Path, lists: ParquetLists, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "lists"
    write(folder, 0, {"a": "x"})
    write(folder, 1, {"b": "x"})
    (folder / "shard-00002.parquet").write_bytes(b"PAR1 cut")
    pq.write_table(pa.table({"other_key": ["a"]}), folder / "shard-00003.parquet")

    assert await lists.find("member_id", "a") == RankedList(["x"], [0.5], 1)
    assert [record.message.partition(" holds")[0][-7:] for record in caplog.records] == ["parquet"] * 2
    (folder / "shard-00001.parquet").write_bytes(b"PAR1 cut")
    assert await lists.find("member_id", "b") is None
    (folder / "shard-00000.parquet").unlink()
    assert await lists.find("member_id", "a") is None


def test_the_first_list_does_not_wait_for_an_import(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    write(folder, 0, {"a": "xy"})
    program = f"""
import pathlib, sys
from server.catalogue.list_files import ListFiles
files = ListFiles(pathlib.Path({str(folder)!r}))
before = set(sys.modules)
print(files.find("member_id", "a").class_ids, *set(sys.modules) - before)
"""

    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert out == "['x', 'y']\n"
