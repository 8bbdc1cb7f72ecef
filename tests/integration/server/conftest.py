"""A feature repository, and the tiny model's features in its store."""

from pathlib import Path

import pytest
from feast import FeatureStore

from tests.support.feast_store import SQLITE, open_applied, write, write_catalogue, write_profile


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return write_profile(tmp_path, SQLITE.format(root=tmp_path))


@pytest.fixture
def store(repo: Path) -> FeatureStore:
    store = open_applied(repo)
    write_catalogue(store, 1, {"c1": 10.0, "c2": 30.0, "c3": 20.0})
    write(store, "members", [{"member_id": "m1", "liking": 1.0}])
    return store
