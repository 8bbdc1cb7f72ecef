"""The aggregates of the KuaiRand example, against numbers worked out by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from examples.kuairand.convert import convert
from features.apply import apply
from features.materialize import materialize
from features.repository import load_definitions, open_store
from tests.support.kuairand import MIDNIGHT_MS, KuaiRandFiles

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[3] / "examples" / "kuairand" / "feature_repo"
BEFORE = MIDNIGHT_MS - 1
"""The last millisecond of 26 April in UTC+8."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """User 1 clicked videos 11 and 10 on the 26th and was shown 10 on the 27th; user 2 did not click 10."""
    folder = tmp_path_factory.mktemp("kuairand")
    files = KuaiRandFiles(folder / "files")
    files.write_log(
        {"user_id": 1, "video_id": 11, "time_ms": BEFORE - 1},
        {"user_id": 1, "video_id": 10, "time_ms": BEFORE, "long_view": 1},
        {"user_id": 2, "video_id": 10, "time_ms": BEFORE, "is_click": 0},
        {"user_id": 1, "video_id": 10, "time_ms": MIDNIGHT_MS, "is_click": 0, "tab": 0},
    )
    files.write_videos({"video_id": 10, "tag": "39,68"}, {"video_id": 11, "author_id": 8, "tag": "3"})
    convert(files.folder, folder / "data" / "world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACELINE_DATA", str(folder / "data"))
        store = open_store(REPO)
        apply(store, load_definitions(REPO))
        materialize(
            REPO,
            store,
            folder / "data" / "world",
            until=None,
            rebuild=False,
            now=datetime.now(UTC),
            progress=lambda *_: None,
        )
    return folder / "data"


def rows(data: Path, view: str, day: str) -> dict[str, dict[str, Any]]:
    """Returns the rows of a view at the end of a day, by key."""
    table = pq.read_table(data / "features" / view / f"day={day}.parquet")
    return {row[table.column_names[0]]: row for row in table.to_pylist()}


def test_a_day_ends_at_midnight_in_the_app_s_time(data: Path) -> None:
    """The impression of the first moment of the 27th is not in what is known at the end of the 26th."""
    row = rows(data, "user_activity", "2022-04-26")["1"]
    assert row["event_timestamp"].timestamp() * 1000 == MIDNIGHT_MS
    assert (row["user_impressions_1d"], row["user_clicks_1d"]) == (2, 2)
    row = rows(data, "user_activity", "2022-04-27")["1"]
    assert (row["user_impressions_1d"], row["user_clicks_1d"]) == (1, 0)


def test_a_user_s_rates_are_smoothed_and_compared_with_the_surface_s(data: Path) -> None:
    """On the 26th two of three impressions were clicked, all of them on surface 1, and one was a long view."""
    users = rows(data, "user_activity", "2022-04-26")
    assert users["1"]["user_click_rate_30d"] == pytest.approx((2 + 5 * 2 / 3) / (2 + 5))
    assert users["1"]["user_long_view_rate_30d"] == pytest.approx((1 + 5 / 3) / (2 + 5))
    assert users["1"]["user_click_excess_30d"] == pytest.approx((2 - 2 * 2 / 3) / (2 + 3))
    assert users["1"]["user_tab_1_click_excess_30d"] == users["1"]["user_click_excess_30d"]
    assert users["1"]["user_tab_0_click_excess_30d"] is None
    assert users["2"]["user_click_excess_30d"] == pytest.approx(-2 / 3 / (1 + 3))


def test_what_a_user_clicked_is_listed_newest_first(data: Path) -> None:
    """Also once videos were shown that were not clicked."""
    user = rows(data, "user_activity", "2022-04-27")["1"]
    assert user["user_last_videos_30d"] == ["10", "11"]
    assert user["user_last_authors_30d"] == ["7", "8"]
    assert user["user_last_tags_30d"] == ["39", "68", "3"]


def test_a_video_s_rates_are_smoothed_and_its_author_s_and_tags_known(data: Path) -> None:
    videos = rows(data, "video_popularity", "2022-04-26")
    assert (videos["10"]["video_impressions_1d"], videos["10"]["video_clicks_1d"]) == (2, 1)
    assert videos["10"]["video_click_rate_30d"] == pytest.approx((1 + 10 * 2 / 3) / (2 + 10))
    excess = (1 - 2 * 2 / 3) / (2 + 10)
    assert videos["10"]["video_click_excess_30d"] == pytest.approx(excess)
    assert videos["10"]["video_author_click_excess_30d"] == pytest.approx(excess)
    assert videos["10"]["video_tag_click_excess_30d"] == pytest.approx(excess)
    assert videos["11"]["video_tag_click_excess_30d"] == pytest.approx(1 / 3 / (1 + 10))
