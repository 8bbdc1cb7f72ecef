"""What the poll sees."""

import os
from pathlib import Path

from server.models.directory import fingerprint, poll


def test_versions_are_folders_named_by_positive_integers(tmp_path: Path) -> None:
    for name in ("2", "10", "0", "007", "-1", "1.5", ".3.partial", "latest"):
        (tmp_path / name).mkdir()
    (tmp_path / "3").write_text("a file")
    assert sorted(poll(tmp_path)) == [2, 10]


def test_a_model_without_a_folder_has_no_versions(tmp_path: Path) -> None:
    assert poll(tmp_path / "absent") == {}


def test_the_fingerprint_changes_with_names_sizes_and_times(tmp_path: Path) -> None:
    path = tmp_path / "variables" / "index"
    path.parent.mkdir()
    path.write_text("abc")
    seen = [fingerprint(tmp_path)]

    os.utime(path, ns=(1, 1))
    seen.append(fingerprint(tmp_path))
    path.write_text("abcd")
    os.utime(path, ns=(1, 1))
    seen.append(fingerprint(tmp_path))
    path.rename(path.with_name("data"))
    seen.append(fingerprint(tmp_path))

    assert len(set(seen)) == 4
    assert fingerprint(tmp_path) == seen[-1]
