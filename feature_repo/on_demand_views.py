"""What is computed when it is asked for; see docs/features.md."""

from typing import Any

from feast import Field, RequestSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float32, Int64

from .fields import OWNER, feature
from .member_views import member_activity

request = RequestSource(
    name="request",
    schema=[Field(name="request_time", dtype=Int64)],
    description="What every request brings with it: its time, in seconds since the epoch.",
    owner=OWNER,
)


@on_demand_feature_view(
    sources=[member_activity[["member_hour_90d"]], request],
    schema=[
        feature(
            "member_hour_distance_90d",
            Float32,
            "Hours from the request to the mean hour of the starts in the last 90 days, around the clock.",
            default="6",
        )
    ],
    mode="python",
    description="How a request lies to what a member usually does.",
    owner=OWNER,
)
def member_habit(inputs: dict[str, Any]) -> dict[str, Any]:
    """Returns the distance of each row; None where the member has no usual hour."""

    def distance(usual: float | None, seconds: int) -> float | None:
        if usual is None:
            return None
        apart = abs(seconds % 86_400 / 3600 - usual)
        return min(apart, 24 - apart)

    rows = zip(inputs["member_hour_90d"], inputs["request_time"], strict=True)
    return {"member_hour_distance_90d": [distance(usual, seconds) for usual, seconds in rows]}
