"""What is known of a member."""

from datetime import timedelta

from feast import FeatureView, Field
from feast.types import Array, Float32, Int64, String

from .entities import member
from .fields import OWNER, feature
from .sources import daily_rows, pushed_rows, recommended_rows

DISCIPLINES = ("ride", "run", "row", "strength", "yoga", "pilates", "boxing", "meditation")

member_profile = FeatureView(
    name="member_profile",
    entities=[member],
    ttl=timedelta(days=3),
    source=daily_rows("member_profile"),
    description="What members say of themselves.",
    owner=OWNER,
    schema=[
        feature("member_tenure_days", Int64, "Days since joining.", default="0", encoding="log"),
        feature("member_country", String, "Country of residence.", default="unknown"),
        feature("member_age_band", String, "Range of ages.", default="unknown"),
        feature("member_equipment", String, "Equipment at home.", default="unknown"),
        feature(
            "member_preferred_languages",
            Array(String),
            "Languages asked for.",
            default="",
            length="4",
            vocabulary_of="class_language",
        ),
        feature("member_preferred_times", Array(String), "Times of day asked for.", default="", length="5"),
    ],
)


def _window(days: int) -> list[Field]:
    last = f"in the last {days} days" if days > 1 else "on the last day"
    return [
        feature(f"member_impressions_{days}d", Int64, f"Classes shown {last}.", default="0", encoding="log"),
        feature(f"member_starts_{days}d", Int64, f"Classes started {last}.", default="0", encoding="log"),
        feature(f"member_completions_{days}d", Int64, f"Classes completed {last}.", default="0", encoding="log"),
        feature(f"member_start_rate_{days}d", Float32, f"Starts for each class shown {last}.", default="0"),
        feature(f"member_completion_rate_{days}d", Float32, f"Completions for each start {last}.", default="0"),
        *(
            feature(f"member_{name}_share_{days}d", Float32, f"Share of {name} in the starts {last}.", default="0")
            for name in DISCIPLINES
        ),
        feature(f"member_minutes_{days}d", Float32, f"Mean minutes of the classes started {last}.", default="30"),
        feature(
            f"member_hour_{days}d", Float32, f"Mean hour, around the clock, of the starts {last}.", default="12"
        ),
    ]


member_activity = FeatureView(
    name="member_activity",
    entities=[member],
    ttl=timedelta(days=3),
    source=daily_rows("member_activity"),
    description="What members did with the classes shown to them.",
    owner=OWNER,
    schema=[
        *_window(1),
        *_window(7),
        *_window(30),
        *_window(90),
        feature("member_rating_90d", Float32, "Mean rating given, 1 to 5.", default="4"),
        feature(
            "member_instructor_90d",
            String,
            "The instructor started most.",
            default="unknown",
            vocabulary_of="class_instructor",
        ),
        feature(
            "member_last_classes_90d",
            Array(String),
            "The last 20 classes started, newest first.",
            default="",
            length="20",
            vocabulary_of="class_id",
        ),
    ],
)

# What `paceline events consume` pushes within two seconds, computed as the tag `live` says. There is a view for
# each time that values count for: half an hour after its last row, a session is over.
_now = pushed_rows("member_now")

member_session = FeatureView(
    name="member_session",
    entities=[member],
    ttl=timedelta(minutes=30),
    source=_now,
    description="What a member does in the current session, which ends when nothing happens for half an hour.",
    owner=OWNER,
    schema=[
        feature(
            "member_impressions_session",
            Int64,
            "Classes shown in the session.",
            default="0",
            encoding="log",
            live="session_impressions",
        ),
        feature(
            "member_starts_session", Int64, "Classes started in the session.", default="0", live="session_starts"
        ),
        feature(
            "member_completions_session",
            Int64,
            "Classes completed in the session.",
            default="0",
            live="session_completions",
        ),
    ],
)

member_today = FeatureView(
    name="member_today",
    entities=[member],
    ttl=timedelta(days=1),
    source=_now,
    description="What a member did on the day of the last event.",
    owner=OWNER,
    schema=[
        feature(
            "member_minutes_today",
            Float32,
            "Minutes of the classes completed on that day.",
            default="0",
            live="minutes_today",
        ),
    ],
)

member_latest = FeatureView(
    name="member_latest",
    entities=[member],
    ttl=timedelta(days=30),
    source=_now,
    description="What a member started last, until the last event.",
    owner=OWNER,
    schema=[
        feature(
            "member_latest_classes_30d",
            Array(String),
            "The last 20 classes started, newest first.",
            default="",
            length="20",
            vocabulary_of="class_id",
            live="last_classes",
        ),
    ],
)

member_recommendations = FeatureView(
    name="member_recommendations",
    entities=[member],
    ttl=timedelta(days=3),
    source=recommended_rows(),
    description="What was ranked beforehand, by `paceline batch-score`, for when features can't be read.",
    owner=OWNER,
    schema=[
        Field(name="ranked_class_ids", dtype=Array(String), description="The best classes, best first."),
        Field(name="ranked_scores", dtype=Array(Float32), description="Their scores, falling."),
        Field(name="ranking_version", dtype=Int64, description="The version that ranked them."),
    ],
)
