import errno
import os
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier

import pytest

from contract.manifest import read_manifest, verify_files
from contract.stubs.manifest_pb2 import Manifest, Metric
from contract.versions import published_versions
from training.errors import PublishError
from training.publish import check_name, publish


def _write(directory: Path, manifest: Manifest) -> None:
    (directory / "variables").mkdir()
    (directory / "variables" / "data").write_bytes(b"weights")
    (directory / "saved_model.pb").write_bytes(b"graph")
    manifest.metrics.append(Metric(name="auc", value=0.7))


def _manifest() -> Manifest:
    return Manifest(model_name="ranking")


def test_a_version_is_published_whole(tmp_path: Path) -> None:
    directory = publish(tmp_path, _manifest(), _write)

    manifest = read_manifest(directory)
    assert directory == tmp_path / "ranking" / "1"
    assert manifest.metrics[0].value == 0.7
    verify_files(directory, manifest)
    assert [file.path for file in manifest.files] == ["saved_model.pb", "variables/data"]


def test_versions_rise_from_the_newest(tmp_path: Path) -> None:
    (tmp_path / "ranking" / "7").mkdir(parents=True)

    assert publish(tmp_path, _manifest(), _write).name == "8"
    assert publish(tmp_path, _manifest(), _write).name == "9"


def test_until_the_end_no_poll_sees_the_version(tmp_path: Path) -> None:
    def write(directory: Path, manifest: Manifest) -> None:
        _write(directory, manifest)
        assert published_versions(tmp_path / "ranking") == []

    publish(tmp_path, _manifest(), write)

    assert published_versions(tmp_path / "ranking") == [1]


def test_others_may_read_what_was_published(tmp_path: Path) -> None:
    """As the umask has it, which a folder made by `tempfile` would not."""
    (tmp_path / "other").mkdir()

    directory = publish(tmp_path, _manifest(), _write)

    assert directory.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_publishers_at_once_get_different_versions(tmp_path: Path) -> None:
    count = 4
    together = Barrier(count)

    def write(directory: Path, manifest: Manifest) -> None:
        _write(directory, manifest)
        together.wait(timeout=60)

    with ThreadPoolExecutor(count) as publishers:
        published = list(publishers.map(lambda _: publish(tmp_path, _manifest(), write), range(count)))

    assert sorted(int(directory.name) for directory in published) == [1, 2, 3, 4]
    for directory in published:
        verify_files(directory, read_manifest(directory))


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    publish(tmp_path, _manifest(), _write)

    def write(directory: Path, manifest: Manifest) -> None:
        _write(directory, manifest)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(PublishError, match=r"ranking: the version could not be written: .*No space left"):
        publish(tmp_path, _manifest(), write)
    assert [path.name for path in (tmp_path / "ranking").iterdir()] == ["1"]


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def write(directory: Path, manifest: Manifest) -> None:
        _write(directory, manifest)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, _manifest(), write)
    assert list((tmp_path / "ranking").iterdir()) == []


def _publish_with_little_room(models: Path) -> None:
    """In a process of its own: no file has more than 64 bytes, which the manifest needs."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
    with pytest.raises(PublishError, match="File too large"):
        publish(models, _manifest(), _write)


@pytest.mark.slow
def test_a_disk_that_fills_leaves_nothing(tmp_path: Path) -> None:
    process = get_context("spawn").Process(target=_publish_with_little_room, args=(tmp_path,))
    process.start()
    process.join(60)

    assert process.exitcode == 0
    assert list((tmp_path / "ranking").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "ranking").write_text("")

    with pytest.raises(PublishError, match="ranking: the version could not be written"):
        publish(tmp_path, _manifest(), _write)


@pytest.mark.parametrize("name", ["ranking", "r2", "a-b_c", "0", "a" * 64])
def test_names_that_are_fine_for_a_folder_are_accepted(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "-x", "Ranking", "a b", "a\n", "a" * 65, "ränking"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(PublishError, match="--name is"):
        check_name(name)
