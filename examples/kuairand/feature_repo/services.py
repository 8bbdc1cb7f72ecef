"""The named sets of features that models read."""

from feast import FeatureService

from .fields import OWNER
from .user_views import user_activity, user_profile
from .video_views import video_popularity, video_profile

kuairand_ranking_v1 = FeatureService(
    name="kuairand_ranking_v1",
    features=[user_profile, user_activity, video_profile, video_popularity],
    description="What the ranking of videos for a user reads.",
    owner=OWNER,
    tags={
        "member_key": "user_id",
        "class_key": "video_id",
        "catalogue_view": "video_catalogue",
        "popularity": "video_clicks_1d",
    },
)
