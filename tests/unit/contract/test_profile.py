"""A profile is Feast's own file, with environment variables in it."""

from pathlib import Path

import pytest

from contract.errors import ProfileError
from contract.profile import data_dir, profile_path, read_profile


def repository(folder: Path, text: str, name: str = "feature_store.yaml") -> Path:
    repo = folder / "repo"
    repo.mkdir()
    (repo / name).write_text(text)
    return repo


def test_variables_are_expanded(tmp_path: Path) -> None:
    repo = repository(tmp_path, "host: ${HOST}\nport: ${PORT:-6379}\nempty: '${NONE:-}'\n")
    assert read_profile(repo, environment={"HOST": "db"}) == {"host": "db", "port": 6379, "empty": ""}


def test_the_data_folder_is_beside_the_repository(tmp_path: Path) -> None:
    repo = repository(tmp_path, "path: ${PACELINE_DATA}/registry.db")
    assert read_profile(repo, environment={}) == {"path": f"{tmp_path}/data/registry.db"}


def test_the_data_folder_can_be_moved(tmp_path: Path) -> None:
    assert data_dir(tmp_path / "repo", {"PACELINE_DATA": str(tmp_path / "elsewhere")}) == tmp_path / "elsewhere"


def test_dev_is_the_default_profile(tmp_path: Path) -> None:
    assert profile_path(tmp_path, "dev") == profile_path(tmp_path, "") == tmp_path / "feature_store.yaml"


def test_a_profile_has_its_own_file(tmp_path: Path) -> None:
    repo = repository(tmp_path, "a: 1", "feature_store.redis.yaml")
    assert profile_path(repo, "redis").is_file()
    assert read_profile(repo, "redis", {}) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: ${NOWHERE}", "the environment variable NOWHERE is not set"),
        ("a: [", "does not parse"),
        ("- a", "is a list, expected a mapping"),
        ("", "is a NoneType, expected a mapping"),
    ],
)
def test_a_wrong_profile_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProfileError, match=r"feature_store\.yaml") as caught:
        read_profile(repository(tmp_path, text), environment={})
    assert message in str(caught.value)


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"feature_store.spark.yaml does not exist"):
        read_profile(tmp_path, "spark", {})
