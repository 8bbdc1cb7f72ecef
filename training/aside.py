"""Writing a file so that it is there whole or not at all."""

import os
from pathlib import Path


def write_aside(path: Path, content: bytes) -> None:
    """Writes a file under another name, syncs it, and renames it into place.

    Raises:
        OSError: It can't be written. What was at `path` before is untouched.
    """
    aside = path.with_name(f".{path.name}.partial")
    with aside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    aside.rename(path)
