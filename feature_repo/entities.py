"""Who and what the features describe."""

from feast import Entity, ValueType

member = Entity(
    name="member",
    join_keys=["member_id"],
    value_type=ValueType.STRING,
    description="Somebody who takes classes.",
    owner="features@paceline.example",
)

fitness_class = Entity(
    name="class",
    join_keys=["class_id"],
    value_type=ValueType.STRING,
    description="A recorded fitness class.",
    owner="features@paceline.example",
)

catalogue_shard = Entity(
    name="catalogue_shard",
    join_keys=["shard"],
    value_type=ValueType.STRING,
    description='A part of the list of the live classes: "0", "1", ...',
    owner="features@paceline.example",
)
