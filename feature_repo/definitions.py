"""Everything that `paceline features apply` registers."""

from feast.feast_object import FeastObject

from .class_views import class_catalogue, class_popularity, class_profile
from .entities import catalogue_shard, fitness_class, member
from .member_views import (
    member_activity,
    member_latest,
    member_profile,
    member_recommendations,
    member_session,
    member_today,
)
from .on_demand_views import member_habit
from .services import ranking_v1

OBJECTS: list[FeastObject] = [
    member,
    fitness_class,
    catalogue_shard,
    member_profile,
    member_activity,
    member_session,
    member_today,
    member_latest,
    class_profile,
    class_popularity,
    class_catalogue,
    member_recommendations,
    member_habit,
    ranking_v1,
]
