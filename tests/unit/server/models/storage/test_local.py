"""A model's folder on a disk."""

from pathlib import Path

from server.models.storage.local import LocalStore


def test_a_version_may_be_a_link_but_what_it_links_to_below_is_left_out(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "variables").mkdir(parents=True)
    for name in ("saved_model.pb", "variables/data"):
        (elsewhere / name).write_text("abc")
    (elsewhere / "linked").symlink_to(tmp_path)
    (elsewhere / "dangling").symlink_to("nowhere")
    (tmp_path / "classes").mkdir()
    (tmp_path / "classes" / "1").symlink_to(elsewhere)
    versions = LocalStore(tmp_path / "classes").poll()
    assert {file.path for file in versions[1].files} == {"saved_model.pb", "variables/data"}


def test_an_empty_folder_is_a_version_without_files(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    versions = LocalStore(tmp_path).poll()
    assert (versions[1].files, versions[1].has_manifest, versions[1].size_bytes) == (frozenset(), False, 0)


def test_what_training_leaves_beside_the_versions_is_no_version(tmp_path: Path) -> None:
    """The report of a refused version, the history of the labels, and whatever is not finished."""
    for name in ("refused", "history", ".0123.partial", ".checkpoint"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    (tmp_path / "2").mkdir()

    assert list(LocalStore(tmp_path).poll()) == [2]
