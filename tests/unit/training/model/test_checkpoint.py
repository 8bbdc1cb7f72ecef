from pathlib import Path

import numpy as np
import pytest

from training.errors import PublishError, SpecError
from training.model.checkpoint import Checkpoint, Checkpoints

pytestmark = pytest.mark.slow

DIGEST = "0123456789abcdef" * 4
CHECKPOINT = Checkpoint(
    history=[{"loss": 0.1 + 0.2, "validation_auc": 1 / 3}],
    state=[np.array([[0.1, 0.2]], np.float32), np.array(7, np.uint32), np.zeros((0,), np.float32)],
    best=[np.array([0.3], np.float32)],
)


def _silent(_: str) -> None: ...


def _save(folder: Path) -> None:
    """Leaves the checkpoint of a training that was interrupted."""
    with pytest.raises(KeyboardInterrupt):
        _leave(folder, KeyboardInterrupt())


def _leave(folder: Path, error: BaseException) -> None:
    with Checkpoints(folder, _silent) as checkpoints:
        assert checkpoints.find(DIGEST) is None
        checkpoints.save(CHECKPOINT)
        raise error


def test_an_interrupted_training_finds_its_checkpoint_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    _save(tmp_path / "model")

    found = Checkpoints(tmp_path / "model", said.append).find(DIGEST)

    assert found is not None
    assert found.history == CHECKPOINT.history
    for one, other in zip((*found.state, *found.best), (*CHECKPOINT.state, *CHECKPOINT.best), strict=True):
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
    assert said == ["training resumed after epoch 1"]


def test_another_training_does_not(tmp_path: Path) -> None:
    _save(tmp_path)

    assert Checkpoints(tmp_path, _silent).find("f" * 64) is None


def test_it_is_gone_when_the_training_ends_well_or_in_an_error(tmp_path: Path) -> None:
    _save(tmp_path)
    with Checkpoints(tmp_path, _silent) as checkpoints:
        checkpoints.find(DIGEST)
    assert list(tmp_path.iterdir()) == []

    with pytest.raises(SpecError):
        _leave(tmp_path, SpecError())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 10, 400])
def test_a_damaged_one_counts_as_none(size: int, tmp_path: Path) -> None:
    _save(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:size])

    assert Checkpoints(tmp_path, _silent).find(DIGEST) is None


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("no folder")
    checkpoints = Checkpoints(tmp_path / "model", _silent)
    checkpoints.find(DIGEST)

    with pytest.raises(PublishError, match="could not be written"):
        checkpoints.save(CHECKPOINT)
