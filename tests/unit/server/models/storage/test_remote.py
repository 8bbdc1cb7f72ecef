"""Remote stores that misbehave: fsspec's memory filesystem, each with a fault of its own."""

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import NotWritable
from server.models.storage.cache import Cache
from server.models.storage.holds import is_held
from server.models.storage.ports import StorageError, VersionChanged
from server.models.storage.remote import RemoteStore
from server.models.storage.remote_folder import RemoteFolder
from tests.support.model_places import contents

EVENT = LabelEvent(LabelAction.UNPIN, 1.0, Note("ana"))


class Filesystem(MemoryFileSystem):
    """One of its own for each test."""

    cachable = False

    def __init__(self) -> None:
        super().__init__(global_store=False)
        self.faults = 1

    def fails(self) -> bool:
        """Whether to fail now."""
        self.faults -= 1
        return self.faults >= 0


def store_on(filesystem: MemoryFileSystem, tmp_path: Path) -> RemoteStore:
    """A model with one version."""
    for path, data in {"manifest.json": b"{}", "variables/data": b"x" * 100}.items():
        MemoryFileSystem.pipe_file(filesystem, f"/models/classes/1/{path}", data)
    return RemoteStore(RemoteFolder("odd://models/classes", filesystem, "/models/classes"), Cache(tmp_path, 10**6))


def history_on(filesystem: MemoryFileSystem, tmp_path: Path) -> RemoteStore:
    """A model whose history was read when it was empty."""
    store = store_on(filesystem, tmp_path)
    assert list(store.read_history()) == []
    return store


class TestFetch:
    def test_files_that_change_while_they_are_copied_are_not_taken(self, tmp_path: Path) -> None:
        class Changing(Filesystem):
            def get_file(self, rpath: str, lpath: str, **kwargs: Any) -> None:
                super().get_file(rpath, lpath, **kwargs)
                if rpath.endswith("data") and self.fails():
                    self.pipe_file(rpath, b"y" * 100)

        store = store_on(Changing(), tmp_path)
        with pytest.raises(VersionChanged, match="odd://models/classes/1 changed while it was copied"):
            store.fetch(1)
        assert [path.name for path in tmp_path.iterdir()] == ["lock"]
        assert contents(store.fetch(1))["variables/data"] == b"y" * 100

    def test_files_that_arrive_cut_are_not_taken(self, tmp_path: Path) -> None:
        class Cutting(Filesystem):
            def get_file(self, rpath: str, lpath: str, **kwargs: Any) -> None:
                super().get_file(rpath, lpath, **kwargs)
                if self.fails():
                    Path(lpath).write_bytes(Path(lpath).read_bytes()[:-1])

        store = store_on(Cutting(), tmp_path)
        with pytest.raises(StorageError, match="classes/1 was not copied whole"):
            store.fetch(1)
        assert contents(store.fetch(1))["variables/data"] == b"x" * 100

    @pytest.mark.parametrize("path", ["../../evil", "variables/../../../../evil", "a//b", "./a"])
    def test_a_name_that_leads_elsewhere_is_refused(self, tmp_path: Path, path: str) -> None:
        filesystem = Filesystem()
        store = store_on(filesystem, tmp_path / "cache")
        filesystem.pipe_file(f"/models/classes/1/{path}", b"evil")
        with pytest.raises(StorageError, match="can't be the path of a file here"):
            store.fetch(1)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "cache" / "lock"]

    def test_a_copy_is_used_again_only_for_the_very_same_files(self, tmp_path: Path) -> None:
        filesystem = Filesystem()
        store = store_on(filesystem, tmp_path)
        first = store.fetch(1)
        assert store.fetch(1) == first
        filesystem.pipe_file("/models/classes/1/variables/data", b"x" * 100)
        assert store.fetch(1) != first

    def test_what_was_fetched_first_is_given_back_first(self, tmp_path: Path) -> None:
        filesystem = Filesystem()
        store = store_on(filesystem, tmp_path)
        first = store.fetch(1)
        filesystem.pipe_file("/models/classes/1/variables/data", b"y" * 100)
        second = store.fetch(1)
        store.release(1)
        assert [is_held(path.parents[1]) for path in (first, second)] == [False, True]
        store.release(1)
        assert not is_held(second.parents[1])

    def test_models_with_the_same_files_have_copies_of_their_own(self, tmp_path: Path) -> None:
        class Timeless(Filesystem):
            def find(self, *args: Any, **kwargs: Any) -> Mapping[str, Any]:
                return {name: {**info, "created": None} for name, info in super().find(*args, **kwargs).items()}

        filesystem = Timeless()
        cache = Cache(tmp_path, 10**6)
        for name in ("classes", "videos"):
            filesystem.pipe_file(f"/models/{name}/1/manifest.json", b"{}")
            folder = RemoteFolder(f"odd://models/{name}", filesystem, f"/models/{name}")
            assert RemoteStore(folder, cache).fetch(1).parts[-2:] == (name, "1")
        assert len(list(tmp_path.glob("*-2"))) == 2


class TestErrors:
    def test_what_the_filesystems_library_raises_is_an_os_error_that_names_the_url(self, tmp_path: Path) -> None:
        class Broken(Filesystem):
            def find(self, *_: Any, **__: Any) -> Mapping[str, Any]:
                raise RuntimeError("no credentials")

        store = store_on(Broken(), tmp_path)
        with pytest.raises(StorageError, match=r"^odd://models/classes: RuntimeError: no credentials$"):
            store.poll()
        with pytest.raises(StorageError, match=r"^odd://models/classes/1: RuntimeError: no credentials$"):
            store.fetch(1)

    def test_a_folder_that_may_not_be_listed_is_not_taken_for_an_empty_one(self, tmp_path: Path) -> None:
        class Forbidden(Filesystem):
            def find(self, *_: Any, **__: Any) -> Mapping[str, Any]:
                return {}  # as fsspec's own does when `ls` fails

            def ls(self, *_: Any, **__: Any) -> list[Any]:
                raise PermissionError("forbidden")

        with pytest.raises(StorageError, match="forbidden"):
            store_on(Forbidden(), tmp_path).poll()

    def test_what_stands_for_a_folder_on_an_object_store_is_no_file(self, tmp_path: Path) -> None:
        class Marking(Filesystem):
            def find(self, path: str, **kwargs: Any) -> Mapping[str, Any]:
                marker = {"size": 0, "type": "file"}
                return {**super().find(path, **kwargs), f"{path}/": marker, f"{path}/variables/": marker}

        store = store_on(Marking(), tmp_path)
        assert len(store.poll()[1].files) == 2
        assert contents(store.fetch(1)).keys() == {"manifest.json", "variables/data"}

    def test_a_listing_without_times_or_checksums_tells_sizes(self, tmp_path: Path) -> None:
        class Terse(Filesystem):
            def find(self, *args: Any, **kwargs: Any) -> Mapping[str, Any]:
                return {
                    name: {"size": info["size"], "type": "file"}
                    for name, info in super().find(*args, **kwargs).items()
                }

        filesystem = Terse()
        store = store_on(filesystem, tmp_path)
        before = store.poll()
        assert store.poll() == before
        filesystem.pipe_file("/models/classes/1/variables/data", b"x" * 101)
        assert store.poll() != before


class TestAppend:
    def test_an_answer_that_was_lost_adds_the_event_once(self, tmp_path: Path) -> None:
        class Silent(Filesystem):
            def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
                super().pipe_file(path, value, mode, **kwargs)
                if self.fails():
                    raise TimeoutError

        store = history_on(Silent(), tmp_path)
        store.append(EVENT)
        assert list(store.read_history()) == [EVENT]

    def test_a_conflict_that_left_nothing_is_tried_again(self, tmp_path: Path) -> None:
        class Conflicting(Filesystem):
            def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
                if self.fails():
                    raise OSError(errno.EBUSY, "ConditionalRequestConflict")
                super().pipe_file(path, value, mode, **kwargs)

        store = history_on(Conflicting(), tmp_path)
        store.append(EVENT)
        assert list(store.read_history()) == [EVENT]

    def test_another_event_under_the_number_is_noticed_whatever_the_error(self, tmp_path: Path) -> None:
        other = LabelEvent(LabelAction.UNPIN, 2.0, Note("ben"))

        class Overtaken(Filesystem):
            def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
                if self.fails():
                    store_on(self, tmp_path).append(other)
                    raise OSError(errno.EINVAL, "PreconditionFailed")
                super().pipe_file(path, value, mode, **kwargs)

        store = history_on(Overtaken(), tmp_path)
        store.append(EVENT)
        assert list(store.read_history()) == [other, EVENT]

    def test_a_full_disk_is_no_reason_to_try_number_after_number(self, tmp_path: Path) -> None:
        class Full(Filesystem):
            def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
                super().pipe_file(path, value[:10], mode, **kwargs)
                raise OSError(errno.ENOSPC, "no space left")

        filesystem = Full()
        with pytest.raises(NotWritable, match="no space left"):
            history_on(filesystem, tmp_path).append(EVENT)
        assert len(filesystem.find("/models/classes/history")) == 1

    def test_a_listing_that_is_kept_misleads_nobody(self, tmp_path: Path) -> None:
        class Keeping(Filesystem):
            def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
                if path not in self.dircache:
                    self.dircache[path] = super().ls(path, detail=True, **kwargs)
                return self.dircache[path] if detail else [info["name"] for info in self.dircache[path]]

            def cat_file(self, path: str, *args: Any, **kwargs: Any) -> bytes:
                if path not in self.ls(path.rsplit("/", 1)[0], detail=False):
                    raise FileNotFoundError(path)
                return bytes(super().cat_file(path, *args, **kwargs))

            def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
                if self.fails():
                    self.ls("/models/classes/history")
                    super().pipe_file(path, b"another", mode, **kwargs)
                super().pipe_file(path, value, mode, **kwargs)

            def invalidate_cache(self, path: str | None = None) -> None:  # noqa: ARG002 - named by fsspec
                self.dircache.clear()

        filesystem = Keeping()
        store = store_on(filesystem, tmp_path)
        filesystem.faults = 0
        store.append(EVENT)
        filesystem.faults = 1
        store.append(EVENT)
        assert filesystem.cat_file("/models/classes/history/00000002.json") == b"another"
        assert len(filesystem.find("/models/classes/history")) == 3
