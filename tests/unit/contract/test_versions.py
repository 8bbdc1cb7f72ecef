"""Which folders are versions."""

from pathlib import Path

from contract.versions import published_versions


def test_versions_are_the_folders_named_by_a_positive_number(tmp_path: Path) -> None:
    for name in ("2", "10", "1", "0", "01", "-3", ".4.partial", "latest", "history", "refused", "٣", str(2**63)):
        (tmp_path / name).mkdir()
    (tmp_path / "7").write_text("not a folder")

    assert published_versions(tmp_path) == [1, 2, 10]
    assert published_versions(tmp_path / "nowhere") == []
