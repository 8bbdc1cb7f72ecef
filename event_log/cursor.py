"""Where a consumer of a log has come to, kept in the folder of the log."""

import json
from pathlib import Path
from typing import NamedTuple

from contract.durable import write_whole
from event_log.errors import LogCorrupt, LogUnavailable

NAME = "cursor.json"


class Cursor(NamedTuple):
    """A place in a log: the beginning of a frame, or the end of the last one."""

    segment: int = 0
    offset: int = 0


def read_cursor(folder: Path) -> Cursor:
    """Returns the cursor that was kept last; the beginning of the log if there is none.

    Raises:
        LogCorrupt: The file is none.
    """
    path = folder / NAME
    try:
        found = json.loads(path.read_bytes())
        return Cursor(int(found["segment"]), int(found["offset"]))
    except FileNotFoundError:
        return Cursor()
    except (ValueError, KeyError, TypeError) as error:
        raise LogCorrupt(f'{path} is no cursor: {error}; expected {{"segment": …, "offset": …}}') from None


def keep_cursor(folder: Path, cursor: Cursor) -> None:
    """Keeps a cursor, and returns once it is on disk.

    Raises:
        LogUnavailable: It can't be written.
    """
    try:
        write_whole(folder / NAME, json.dumps(cursor._asdict()).encode() + b"\n")
    except OSError as error:
        raise LogUnavailable(f"{folder / NAME} can't be written: {error}") from error
