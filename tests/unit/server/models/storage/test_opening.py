"""Which store a path or URL stands for."""

from pathlib import Path

import pytest

from server.models.storage.cache import Cache
from server.models.storage.local import LocalStore
from server.models.storage.opening import open_store
from server.models.storage.ports import StorageError
from server.models.storage.remote import RemoteStore


@pytest.mark.parametrize(
    ("base_path", "kind"),
    [
        ("models/classes", LocalStore),
        ("/models/classes/", LocalStore),
        ("file:///models/classes", LocalStore),
        ("memory://models/classes/", RemoteStore),
        ("local:///models/classes", RemoteStore),
    ],
)
def test_a_path_and_a_file_url_are_here_and_other_urls_are_not(tmp_path: Path, base_path: str, kind: type) -> None:
    assert isinstance(open_store(base_path, Cache(tmp_path, 1)), kind)


@pytest.mark.parametrize("base_path", ["nowhere://models/classes", "memory://", "memory:///"])
def test_a_url_that_leads_nowhere_is_named(tmp_path: Path, base_path: str) -> None:
    with pytest.raises(StorageError, match=f"^{base_path.rstrip('/')}"):
        open_store(base_path, Cache(tmp_path, 1))
