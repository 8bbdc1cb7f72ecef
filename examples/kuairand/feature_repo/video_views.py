"""What is known of a video, and which videos there are."""

from feast import FeatureView, Field
from feast.types import Array, Float32, Int64, String

from .entities import catalogue_shard, video
from .fields import FOREVER, OWNER, feature
from .sources import daily_rows

video_profile = FeatureView(
    name="video_profile",
    entities=[video],
    ttl=FOREVER,
    source=daily_rows("video_profile"),
    description="What a video is.",
    owner=OWNER,
    schema=[
        feature("video_author", String, "Who made it.", default="unknown"),
        feature("video_type", String, "Whether it is an advertisement.", default="unknown"),
        feature("video_upload_date", String, "The day that it was uploaded.", default="unknown"),
        feature("video_upload_type", String, "How it was made or uploaded.", default="unknown"),
        feature("video_seconds", Float32, "Its duration.", default="80", encoding="log"),
        feature("video_width", Float32, "Its width in pixels.", default="720"),
        feature("video_height", Float32, "Its height in pixels.", default="1280"),
        feature("video_music", String, "Its music.", default="unknown"),
        feature("video_music_type", String, "The kind of its music.", default="unknown"),
        feature("video_tags", Array(String), "What it is about.", default="", length="4"),
    ],
)

video_popularity = FeatureView(
    name="video_popularity",
    entities=[video],
    ttl=FOREVER,
    source=daily_rows("video_popularity"),
    description="What users did with a video that was shown to them.",
    owner=OWNER,
    schema=[
        feature("video_impressions_1d", Int64, "Times shown on the last day.", default="0", encoding="log"),
        feature("video_clicks_1d", Int64, "Times clicked on the last day.", default="0", encoding="log"),
        feature(
            "video_click_rate_30d",
            Float32,
            "Clicks for each time shown, drawn towards that of all videos by 10 impressions.",
            default="0.4",
        ),
        feature(
            "video_click_excess_30d",
            Float32,
            "Clicks above what the surfaces' rates predict, for each time shown and 10 more.",
            default="0",
        ),
        feature(
            "video_long_view_rate_30d", Float32, "The same as video_click_rate_30d of long views.", default="0.3"
        ),
        feature(
            "video_long_view_excess_30d", Float32, "The same as video_click_excess_30d of long views.", default="0"
        ),
        feature(
            "video_play_seconds_30d", Float32, "Mean time for which it was played.", default="0", encoding="log"
        ),
        feature(
            "video_author_click_excess_30d",
            Float32,
            "video_click_excess_30d of all of the author's videos.",
            default="0",
        ),
        feature("video_tag_click_excess_30d", Float32, "The mean of its tags' excess of clicks.", default="0"),
        feature(
            "video_tag_long_view_excess_30d", Float32, "The mean of its tags' excess of long views.", default="0"
        ),
    ],
)

video_catalogue = FeatureView(
    name="video_catalogue",
    entities=[catalogue_shard],
    ttl=FOREVER,
    source=daily_rows("video_catalogue"),
    description="The ids of the videos; the last that `paceline features materialize` writes.",
    owner=OWNER,
    schema=[
        Field(name="class_ids", dtype=Array(String), description="The videos of the shard, rising."),
        Field(name="generation", dtype=Int64, description="Grows whenever the catalogue is written."),
        Field(name="shard_count", dtype=Int64, description="How many shards the generation has."),
    ],
)
