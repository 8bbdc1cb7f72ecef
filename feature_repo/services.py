"""The named sets of features that models read."""

from feast import FeatureService

from .class_views import class_popularity, class_profile
from .fields import OWNER
from .member_views import member_activity, member_profile

# A class is live while it has a fresh row in the first view here that is keyed by the class key.
ranking_v1 = FeatureService(
    name="ranking_v1",
    features=[member_profile, member_activity, class_profile, class_popularity],
    description="What the ranking of classes for a member reads.",
    owner=OWNER,
    tags={
        "member_key": "member_id",
        "class_key": "class_id",
        "catalogue_view": "class_catalogue",
        "recommendations_view": "member_recommendations",
        "popularity": "class_starts_7d",
    },
)
