"""The settings of the aggregates are checked, and their errors name the key."""

from datetime import timedelta
from pathlib import Path

import pytest

from features.aggregate_settings import AggregateSettings, read_settings
from features.errors import RepositoryError


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def test_the_settings_are_read(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, 'utc_offset_hours = 8\n[time_columns]\nusers = "joined"\n'))
    assert settings.days.offset == timedelta(hours=8)
    assert settings.time_column("users") == "joined"
    assert settings.time_column("clicks") == "event_time"


def test_without_a_file_the_days_are_those_of_utc(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "settings.toml") == AggregateSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("offset = 8", "unknown key 'offset', expected one of utc_offset_hours, time_columns"),
        ("utc_offset_hours = 15", "utc_offset_hours is 15, expected a number from -12 to 14"),
        ("utc_offset_hours = '8'", "utc_offset_hours is '8'"),
        ("utc_offset_hours = true", "utc_offset_hours is True"),
        ("time_columns = 'joined'", "time_columns is 'joined', expected a table"),
        ("time_columns = { users = 3 }", "time_columns is {'users': 3}"),
        ("= 3", "does not parse"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        read_settings(written(tmp_path, text))
    assert message in str(caught.value)
    assert "settings.toml" in str(caught.value)
