"""Simulates a world and writes it."""

from pathlib import Path

from training.errors import DataError
from training.progress import Progress
from training.simulation.spec import WorldSpec
from training.simulation.world import World
from training.simulation.writer import WorldWriter, replacing


def simulate(spec: WorldSpec, out: Path, progress: Progress) -> dict[str, int]:
    """Writes a world as Parquet: one folder for each table, those of events partitioned by day.

    Memory does not grow with the number of events: `world.CHUNK_ROWS` impressions are held at a time.

    Args:
        spec: The sizes.
        out: The folder. A world in it is replaced once the new one is complete.
        progress: Hears of each day.

    Returns:
        The number of rows of each table.

    Raises:
        DataError: `out` is something else than a world, or can't be written.
    """
    try:
        with replacing(out) as folder, WorldWriter(folder) as writer:
            _write(World(spec), spec, writer, progress)
    except OSError as error:
        raise DataError(f"{out} can't be written: {error}") from error
    return writer.row_counts


def _write(world: World, spec: WorldSpec, writer: WorldWriter, progress: Progress) -> None:
    writer.write("members", world.members.table())
    writer.write("classes", world.classes.table(spec))
    for number, (day, chunks) in enumerate(world.days(), start=1):
        for chunk in chunks:
            for table_name, rows in chunk.items():
                writer.append(table_name, rows, day)
        writer.close_day(day)
        progress("simulating days", number, spec.day_count)
    writer.describe(spec.document())
