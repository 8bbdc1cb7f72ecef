"""Writes a world aside and renames it into place."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contract.durable import sync_tree
from training.errors import DataError

WORLD_NAME = "world.json"
"""Describes the world; a folder without it is not replaced."""


class WorldWriter:
    """Writes the tables of a world into a folder, holding none of their rows. A context manager.

    Attributes:
        row_counts: The rows written to each table.
    """

    def __init__(self, folder: Path) -> None:
        self.row_counts: dict[str, int] = {}
        self._folder = folder
        self._open: dict[tuple[str, date], pq.ParquetWriter] = {}

    def write(self, table_name: str, rows: pa.Table) -> None:
        """Writes a table that has no partitions."""
        with self._new_file(self._folder / table_name, rows.schema) as file:
            file.write_table(rows)
        self.row_counts[table_name] = len(rows)

    def append(self, table_name: str, rows: pa.Table, day: date) -> None:
        """Appends rows to the partitions that their column ``day`` names.

        Those of `day` exist even if they are empty. What follows an impression may spill over midnight, so the
        files of a later day may be opened early.
        """
        for partition in sorted({day, *pc.unique(rows["day"]).to_pylist()}):
            chosen = rows.filter(pc.equal(rows["day"], pa.scalar(partition, pa.date32()))).drop_columns(["day"])
            if (table_name, partition) not in self._open:
                folder = self._folder / table_name / f"day={partition}"
                self._open[table_name, partition] = self._new_file(folder, chosen.schema)
            self._open[table_name, partition].write_table(chosen)
        self.row_counts[table_name] = self.row_counts.get(table_name, 0) + len(rows)

    def close_day(self, day: date) -> None:
        """Closes the files of a day."""
        for key in [key for key in self._open if key[1] == day]:
            self._open.pop(key).close()

    def describe(self, spec: Mapping[str, object]) -> None:
        """Writes what marks the folder as a world."""
        document = {**spec, "rows": self.row_counts}
        (self._folder / WORLD_NAME).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    def _new_file(self, folder: Path, schema: pa.Schema) -> pq.ParquetWriter:
        folder.mkdir(parents=True)
        return pq.ParquetWriter(folder / "part-0.parquet", schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Yields an empty folder that takes the place of `out` if the block succeeds, and is removed if it fails.

    Raises:
        DataError: There is something at `out` that is not a world.
    """
    aside, previous = (out.with_name(f".{out.name}.{state}") for state in ("partial", "previous"))
    if previous.exists() and not out.exists():
        previous.rename(out)
    _check_replaceable(out)
    for leftover in (aside, previous):
        shutil.rmtree(leftover, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        sync_tree(aside)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    if out.exists():
        out.rename(previous)
    aside.rename(out)
    shutil.rmtree(previous, ignore_errors=True)


def _check_replaceable(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise DataError(f"{out} is not a folder, expected a world to replace or nothing")
    if any(out.iterdir()) and not (out / WORLD_NAME).is_file():
        raise DataError(f"{out} holds files but no {WORLD_NAME}; it is not a world, so it is not replaced")
