"""Everything that `paceline features apply` registers."""

from feast.feast_object import FeastObject

from .entities import catalogue_shard, user, video
from .services import kuairand_ranking_v1
from .user_views import user_activity, user_profile
from .video_views import video_catalogue, video_popularity, video_profile

OBJECTS: list[FeastObject] = [
    user,
    video,
    catalogue_shard,
    user_profile,
    user_activity,
    video_profile,
    video_popularity,
    video_catalogue,
    kuairand_ranking_v1,
]
