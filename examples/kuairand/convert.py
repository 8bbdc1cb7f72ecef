"""Converts KuaiRand-Pure into the tables of a world: `python -m examples.kuairand.convert FOLDER --out WORLD`.

What becomes of each column is in ``tables/*.sql``.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import typer

from cli.output import messages, progress
from training.errors import DataError
from training.files import read_file
from training.simulation.writer import WorldWriter, replacing

QUERIES = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class Source:
    """Files that hold the rows of one table.

    Attributes:
        table: The table that ``tables/<table>.sql`` makes of them; its first column is unique.
        relation: What that query calls their rows.
        pattern: Their names.
        keys: The columns without blanks.
        others: The other columns that are read.
    """

    table: str
    relation: str
    pattern: str
    keys: tuple[str, ...]
    others: tuple[str, ...]


LOG = Source(
    table="impressions",
    relation="log",
    pattern="log_standard_*.parquet",  # a later week is one more file
    keys=("user_id", "video_id", "time_ms", "tab", "is_click", "long_view"),
    # All of the official columns: only a row that repeats every one of them is a copy.
    others=(
        *("date", "hourmin", "is_like", "is_follow", "is_comment", "is_forward", "is_hate", "play_time_ms"),
        *("duration_ms", "profile_stay_time", "comment_stay_time", "is_profile_enter", "is_rand"),
    ),
)
USERS = Source(
    table="users",
    relation="user_features",
    pattern="user_features_pure.csv",
    keys=("user_id",),
    others=(
        *("user_active_degree", "is_live_streamer", "is_video_author", "follow_user_num"),
        *("fans_user_num", "friend_user_num", "register_days"),
        *(f"onehot_feat{number}" for number in range(18)),
    ),
)
VIDEOS = Source(
    table="videos",
    relation="video_features",
    pattern="video_features_basic_pure.csv",
    keys=("video_id",),
    others=(
        *("author_id", "video_type", "upload_dt", "upload_type", "video_duration"),
        *("server_width", "server_height", "music_id", "music_type", "tag"),
    ),
)


SOURCES = (LOG, USERS, VIDEOS)


def convert(folder: Path, out: Path) -> Mapping[str, int]:
    """Writes the tables ``impressions``, ``users`` and ``videos``, aside first, in place of the world at `out`.

    Args:
        folder: The folder with KuaiRand's files.
        out: The folder of the world.

    Returns:
        The number of rows of each table.

    Raises:
        DataError: A file or column is missing or does not parse, or `out` holds something that is no world.
    """
    files = {source: _files(folder, source) for source in SOURCES}
    with replacing(out) as aside, WorldWriter(aside) as writer:
        for source in _shown(SOURCES):
            rows = _convert(source, _read(source, files[source]), folder)
            if "day" in rows.column_names:
                writer.append(source.table, rows, rows["day"][0].as_py())
            else:
                writer.write(source.table, rows)
        writer.describe({"source": "KuaiRand-Pure"})
    return writer.row_counts


def _shown(sources: Sequence[Source]) -> Iterator[Source]:
    with progress() as display:
        task = display.add_task("", total=len(sources))
        for source in sources:
            display.update(task, description=f"converting {source.table}")
            yield source
            display.advance(task)


def _files(folder: Path, source: Source) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder, expected the one with KuaiRand's files")
    files = sorted(folder.glob(source.pattern))
    if not files:
        raise DataError(f"{folder} holds no {source.pattern}")
    return files


def _read(source: Source, files: Sequence[Path]) -> pa.Table:
    tables = [_read_columns(source, file) for file in files]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(f"{files[0].parent / source.pattern} differ: {error}") from None


def _read_columns(source: Source, file: Path) -> pa.Table:
    table = read_file(file)
    for column in source.keys + source.others:
        if column not in table.column_names:
            raise DataError(f"{file} lacks the column {column!r}")
    for column in source.keys:
        if table[column].null_count:
            raise DataError(f"{file} has {table[column].null_count} rows without {column!r}")
    return table.select(source.keys + source.others)


def _convert(source: Source, rows: pa.Table, folder: Path) -> pa.Table:
    query = (QUERIES / f"{source.table}.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register(source.relation, rows)
        try:
            converted = connection.sql(query).to_arrow_table()
        except duckdb.Error as error:
            first_line = str(error).splitlines()[0]
            raise DataError(f"{folder / source.pattern} does not convert: {first_line}") from None
    _check(folder / source.pattern, converted)
    return converted


def _check(files: Path, rows: pa.Table) -> None:
    if not len(rows):
        raise DataError(f"{files} has no rows")
    key = rows.column_names[0]
    repeats = len(rows) - len(pc.unique(rows[key]))
    if repeats:
        raise DataError(f"{files} has {repeats} rows whose {key!r} is another row's too")


def _command(
    folder: Annotated[Path, typer.Argument(help="The folder with KuaiRand's files.")],
    out: Annotated[Path, typer.Option(help="The folder of the world that is written.")],
) -> None:
    """Convert KuaiRand-Pure into the tables of a world."""
    for table, row_count in convert(folder, out).items():
        messages.print(f"{table}: {row_count:,} rows", highlight=False)


if __name__ == "__main__":
    try:
        typer.run(_command)
    except DataError as error:
        messages.print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)
