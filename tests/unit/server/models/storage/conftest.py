"""A model's folder in every kind of place that needs no server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.model_places import Place

KINDS = ["path", "file", "local", "memory"]
"""``local://`` is what fsspec makes of folders here: a remote store with real folders."""


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    here = str(tmp_path / "models")
    parent = here if request.param == "path" else f"{request.param}://{here}"
    place = Place(f"{parent}/classes", tmp_path / "cache", f"{parent}/a-file/classes")
    place.write("../a-file", b"")
    yield place
    place.filesystem.rm(place.root.rsplit("/", 1)[0], recursive=True)
