"""On-demand views for the small repository of `tests.support.feature_repos`: one of members, one of classes."""

from collections.abc import Mapping

from tests.support.feature_repos import DEFINITIONS

VIEWS = """
from typing import Any

from feast import RequestSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64


def given(name, dtype):
    return Field(name=name, dtype=dtype, description=f"The {name}.", tags={"default": "0"})


@on_demand_feature_view(
    sources=[
        activity,
        RequestSource(name="asked", schema=[given("request_time", Int64), given("surface_length", Float64)]),
    ],
    schema=[given("member_pace", Float32), given("member_newest", String)],
    mode="python",
)
def now_of_member(inputs: dict[str, Any]) -> dict[str, Any]:
    import math

    def pace(starts, seconds, length):
        return None if starts is None or length is None else (starts + length / 7) / (1 + seconds % 86400 / 3600)

    asked = zip(inputs["member_starts_2d"], inputs["request_time"], inputs["surface_length"])
    paces = [pace(*row) for row in asked]
    newest = [found[0] if found else None for found in inputs["member_last_classes_2d"]]
    return {"member_pace": [pace and math.sqrt(pace) for pace in paces], "member_newest": newest}


@on_demand_feature_view(sources=[classes], schema=[given("class_hours", Float64)], mode="python")
def hours_of_class(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"class_hours": [minutes and minutes / 60 for minutes in inputs["class_minutes"]]}


service"""


def with_on_demand(definitions: str = DEFINITIONS, views: str = VIEWS) -> str:
    """Returns definitions whose feature service has the views too."""
    return (
        definitions.replace("\nservice", views, 1)
        .replace("features=[activity, classes]", "features=[activity, classes, now_of_member, hours_of_class]")
        .replace("OBJECTS = [", "OBJECTS = [now_of_member, hours_of_class, ")
    )


def on_demand_files(rows: str) -> Mapping[str, str]:
    """Returns the files of the small repository that differ with the views, from its training rows without."""
    return {
        "definitions.py": with_on_demand(),
        "training_rows.sql": rows.replace("surface,", "surface, length(surface) AS surface_length,"),
    }
