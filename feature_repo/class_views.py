"""What is known of a class, and which classes there are."""

from datetime import timedelta

from feast import FeatureView, Field
from feast.types import Array, Float32, Int32, Int64, String

from .entities import catalogue_shard, fitness_class
from .fields import OWNER, feature
from .sources import daily_rows

class_profile = FeatureView(
    name="class_profile",
    entities=[fitness_class],
    ttl=timedelta(days=3),
    source=daily_rows("class_profile"),
    description="What a class is.",
    owner=OWNER,
    schema=[
        feature("class_title", String, "The title, to be shown.", default="", encoding="none"),
        feature("class_discipline", String, "The discipline.", default="unknown"),
        feature("class_instructor", String, "Who teaches it.", default="unknown"),
        feature("class_minutes", Int32, "Its length in minutes.", default="30"),
        feature("class_difficulty", String, "How hard it is.", default="unknown"),
        feature("class_music_genres", Array(String), "The genres of its music.", default="", length="4"),
        feature("class_language", String, "The language it is taught in.", default="unknown"),
        feature("class_age_days", Int64, "Days since it was first shown.", default="0", encoding="log"),
    ],
)


def _window(days: int) -> list[Field]:
    last = f"in the last {days} days" if days > 1 else "on the last day"
    return [
        feature(f"class_impressions_{days}d", Int64, f"Times shown {last}.", default="0", encoding="log"),
        feature(f"class_starts_{days}d", Int64, f"Times started {last}.", default="0", encoding="log"),
        feature(
            f"class_start_rate_{days}d",
            Float32,
            f"Starts for each time shown {last}, drawn towards that of all classes by 20 impressions.",
            default="0.1",
        ),
        feature(f"class_completion_rate_{days}d", Float32, f"Completions for each start {last}.", default="0.5"),
        feature(f"class_rating_{days}d", Float32, f"Mean rating {last}, 1 to 5.", default="4"),
        feature(f"class_rating_count_{days}d", Int64, f"Ratings {last}.", default="0", encoding="log"),
    ]


class_popularity = FeatureView(
    name="class_popularity",
    entities=[fitness_class],
    ttl=timedelta(days=3),
    source=daily_rows("class_popularity"),
    description="What members did with a class that was shown to them.",
    owner=OWNER,
    schema=[*_window(1), *_window(7), *_window(30), *_window(90)],
)

class_catalogue = FeatureView(
    name="class_catalogue",
    entities=[catalogue_shard],
    ttl=timedelta(days=3),
    source=daily_rows("class_catalogue"),
    description="The ids of the live classes; the last that `paceline features materialize` writes.",
    owner=OWNER,
    schema=[
        Field(name="class_ids", dtype=Array(String), description="The classes of the shard, rising."),
        Field(name="generation", dtype=Int64, description="Grows whenever the catalogue is written."),
        Field(name="shard_count", dtype=Int64, description="How many shards the generation has."),
    ],
)
