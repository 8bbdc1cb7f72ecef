import mmap
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from server.models.openvino.sharing import LEAST_BYTES, SharedArrays

WRITERS, ROUNDS = 8, 50
NUMBERS = st.sampled_from([np.float32, np.int32, np.int64])


def large(seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((LEAST_BYTES // 1024, 256), np.float32)


def inodes() -> set[str]:
    """Returns the files of shared arrays that this process has mapped, with or without a name."""
    lines = [line.split() for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()]
    return {words[4] for words in lines if len(words) > 5 and "/shared-arrays" in words[5]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shared-arrays"
    made.mkdir()
    return made


@given(st.data())
def test_any_array_is_shared_as_it_is(data: st.DataObject) -> None:
    shape = data.draw(array_shapes(max_dims=3, min_side=4, max_side=16))
    few: NDArray[Any] = data.draw(arrays(data.draw(NUMBERS), shape))
    array = np.concatenate([few] * -(-LEAST_BYTES // few.nbytes))
    with TemporaryDirectory() as folder:
        shared = SharedArrays(Path(folder))(array)
        assert len(list(Path(folder).iterdir())) == 1
        np.testing.assert_array_equal(shared, array)
        assert shared.dtype == array.dtype


def test_who_has_the_same_maps_the_same_file_and_others_another(folder: Path) -> None:
    ours, theirs = SharedArrays(folder), SharedArrays(folder)
    held = [ours(large()), ours(large()), theirs(large())]
    assert len(inodes()) == 1
    held.append(theirs(large(seed=1)))
    assert len(inodes()) == len(list(folder.iterdir())) == 2
    for array, seed in zip(held, (0, 0, 0, 1), strict=True):
        np.testing.assert_array_equal(array, large(seed))


def test_what_one_no_longer_has_another_goes_on_reading_and_a_third_writes_again(folder: Path) -> None:
    share, theirs = SharedArrays(folder), SharedArrays(folder)(large())
    ours, again, part = share(large()), share(large()), share(large())[:10]
    del ours, again
    assert list(folder.iterdir())
    del part
    assert not list(folder.iterdir())
    np.testing.assert_array_equal(theirs, large())
    third = SharedArrays(folder)(large())
    np.testing.assert_array_equal(third, large())
    assert len(inodes()) == 2
    del theirs, third
    assert not inodes()


def test_what_one_writes_the_others_do_not_see(folder: Path) -> None:
    ours, theirs = SharedArrays(folder)(large()), SharedArrays(folder)(large())
    ours[:] = 7
    np.testing.assert_array_equal(theirs, large())
    np.testing.assert_array_equal(SharedArrays(folder)(large()), large())


def test_of_several_who_write_at_once_one_wins(folder: Path) -> None:
    together = Barrier(WRITERS)

    def write(seed: int) -> NDArray[Any]:
        share, array = SharedArrays(folder), large(seed)
        together.wait()
        return share(array)

    with ThreadPoolExecutor(WRITERS) as threads:
        for seed in range(ROUNDS):
            held = list(threads.map(write, [seed] * WRITERS))
            assert len(inodes()) == len(list(folder.iterdir())) == 1
            for array in held:
                np.testing.assert_array_equal(array, large(seed))
            del held, array


def test_small_arrays_and_parts_of_others_stay_where_they_are(folder: Path) -> None:
    share, array = SharedArrays(folder), np.concatenate([large(), large(seed=1)])
    for kept in (array[: LEAST_BYTES // 1024], array[:3].copy()):
        assert share(kept) is kept
    assert not list(folder.iterdir())


@contextmanager
def full_disk() -> Iterator[None]:
    """Has this process write no more than half of an array to a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LEAST_BYTES // 2, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_space_each_keeps_its_own_and_nothing_half_written(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    share, arrays = SharedArrays(folder), [large(), large(seed=1)]
    with full_disk():
        assert all(share(array) is array for array in arrays)
    assert not list(folder.iterdir())
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "File too large" in caplog.text
    assert share(arrays[0]) is not arrays[0]


def test_without_a_folder_each_keeps_its_own(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    share = SharedArrays(folder)
    held = share(large())
    (folder / folder.joinpath(*folder.iterdir()).name).unlink()
    folder.rmdir()
    other = large(seed=1)
    assert share(other) is other
    assert "No such file or directory" in caplog.text
    np.testing.assert_array_equal(held, large())


@pytest.mark.parametrize("size", [0, mmap.PAGESIZE, LEAST_BYTES + 1])
def test_a_file_of_another_size_is_never_mapped(folder: Path, size: int, caplog: pytest.LogCaptureFixture) -> None:
    """Who reads a mapping beyond the end of its file is killed."""
    held = SharedArrays(folder)(large())
    (path,) = folder.iterdir()
    path.rename(folder / "kept")
    path.write_bytes(bytes(size))
    array = large()
    assert SharedArrays(folder)(array) is array
    assert f"has {size} bytes, expected {LEAST_BYTES}" in caplog.text
    np.testing.assert_array_equal(held, large())
