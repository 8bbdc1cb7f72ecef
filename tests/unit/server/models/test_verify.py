"""The files of a version against its manifest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from contract.errors import ManifestFault
from server.domain.versions import RefusalReason, Refused
from server.models import verify
from tests.support.fake_runner import write_fake_model
from tests.support.linear_model import publish


@pytest.fixture
def version_dir(tmp_path: Path) -> Path:
    return publish(tmp_path / "classes", 3, 2.0, write_fake_model)


def test_a_version_that_is_as_promised_gives_its_manifest(version_dir: Path) -> None:
    manifest = verify.verified_manifest(version_dir)
    assert manifest is not None
    assert (manifest.model_name, manifest.version) == ("classes", 3)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), RefusalReason.MANIFEST_MISSING),
        (lambda folder: (folder / "manifest.json").write_text("{"), RefusalReason.MANIFEST_INVALID),
        (lambda folder: (folder / "weight.txt").unlink(), RefusalReason.FILE_MISSING),
        (lambda folder: (folder / "weight.txt").write_text("2"), RefusalReason.FILE_CHANGED),
        (lambda folder: (folder / "weight.txt").write_text("2.1"), RefusalReason.FILE_CHANGED),
        (lambda folder: (folder / "more.txt").write_text(""), RefusalReason.FILE_CHANGED),
    ],
    ids=["no manifest", "no JSON", "a file gone", "a file cut", "a file changed", "a file more"],
)
def test_damage_is_refused_with_its_reason(
    version_dir: Path, damage: Callable[[Path], object], reason: RefusalReason
) -> None:
    damage(version_dir)
    with pytest.raises(Refused, match=str(version_dir)) as refused:
        verify.verified_manifest(version_dir)
    assert refused.value.reason is reason


def test_a_version_without_a_manifest_gives_none_where_none_is_required(version_dir: Path) -> None:
    (version_dir / "manifest.json").unlink()
    assert verify.verified_manifest(version_dir, required=False) is None


def test_the_manifest_of_another_version_is_refused(version_dir: Path) -> None:
    version_dir.rename(version_dir.with_name("4"))
    with pytest.raises(Refused, match="is for classes/3, expected classes/4") as refused:
        verify.verified_manifest(version_dir.with_name("4"))
    assert refused.value.reason is RefusalReason.MANIFEST_INVALID


def test_every_fault_has_a_reason() -> None:
    assert set(verify.REASONS) == set(ManifestFault)
