"""Who and what the features describe."""

from feast import Entity, ValueType

from .fields import OWNER

user = Entity(
    name="user",
    join_keys=["user_id"],
    value_type=ValueType.STRING,
    description="Somebody who is shown videos.",
    owner=OWNER,
)

video = Entity(
    name="video",
    join_keys=["video_id"],
    value_type=ValueType.STRING,
    description="A short video.",
    owner=OWNER,
)

catalogue_shard = Entity(
    name="catalogue_shard",
    join_keys=["shard"],
    value_type=ValueType.STRING,
    description='A part of the list of the videos: "0", "1", ...',
    owner=OWNER,
)
