"""What is known of a user."""

from feast import FeatureView, Field
from feast.types import Array, Float32, Int64, String

from .entities import user
from .fields import FOREVER, OWNER, feature
from .sources import daily_rows

SURFACES = ("0", "1", "2", "4", "6")
"""The values of `tab` with more than 1,000 impressions in six days."""


def _category(number: int) -> Field:
    return feature(f"user_category_{number}", String, "An anonymised attribute.", default="unknown")


user_profile = FeatureView(
    name="user_profile",
    entities=[user],
    ttl=FOREVER,
    source=daily_rows("user_profile"),
    description="What the app says of users.",
    owner=OWNER,
    schema=[
        feature("user_active_degree", String, "How active they were, as a class.", default="unknown"),
        feature("user_is_live_streamer", String, "Whether they stream.", default="unknown"),
        feature("user_is_video_author", String, "Whether they have uploaded a video.", default="unknown"),
        feature("user_followed_users", Int64, "How many users they follow.", default="0", encoding="log"),
        feature("user_fans", Int64, "How many users follow them.", default="0", encoding="log"),
        feature("user_friends", Int64, "How many users follow them back.", default="0", encoding="log"),
        feature("user_registered_days", Int64, "Days since registration.", default="0", encoding="log"),
        *map(_category, range(18)),
    ],
)


def _surface_excess(tab: str) -> Field:
    name = f"user_tab_{tab}_click_excess_30d"
    return feature(name, Float32, f"user_click_excess_30d on surface {tab} alone.", default="0")


user_activity = FeatureView(
    name="user_activity",
    entities=[user],
    ttl=FOREVER,
    source=daily_rows("user_activity"),
    description="What users did with the videos shown to them.",
    owner=OWNER,
    schema=[
        feature("user_impressions_1d", Int64, "Videos shown on the last day.", default="0", encoding="log"),
        feature("user_clicks_1d", Int64, "Videos clicked on the last day.", default="0", encoding="log"),
        feature(
            "user_click_rate_30d",
            Float32,
            "Clicks for each video shown, drawn towards that of all users by 5 impressions.",
            default="0.4",
        ),
        feature(
            "user_click_excess_30d",
            Float32,
            "Clicks above what the surfaces' rates predict, for each video shown and 3 more.",
            default="0",
        ),
        feature(
            "user_long_view_rate_30d", Float32, "The same as user_click_rate_30d of long views.", default="0.3"
        ),
        feature(
            "user_long_view_excess_30d", Float32, "The same as user_click_excess_30d of long views.", default="0"
        ),
        *map(_surface_excess, SURFACES),
        feature(
            "user_play_seconds_30d",
            Float32,
            "Mean time for which a video was played.",
            default="0",
            encoding="log",
        ),
        feature(
            "user_clicked_seconds_30d",
            Float32,
            "Mean duration of the videos clicked.",
            default="0",
            encoding="log",
        ),
        feature(
            "user_last_videos_30d",
            Array(String),
            "The last 20 videos clicked, newest first.",
            default="",
            length="20",
            vocabulary_of="video_id",
        ),
        feature(
            "user_last_authors_30d",
            Array(String),
            "The authors of the last 20 videos clicked.",
            default="",
            length="20",
            vocabulary_of="video_author",
        ),
        feature(
            "user_last_tags_30d",
            Array(String),
            "The last 20 tags of videos clicked, newest first.",
            default="",
            length="20",
            vocabulary_of="video_tags",
        ),
    ],
)
