"""A whole server whose model reads what is computed for each request, and shows what is computed of classes."""

from pathlib import Path

import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from contract.on_demand_golden import set_golden_rows
from contract.stubs import manifest_pb2 as pb
from paceline import InvalidRequest
from paceline.v1.recommendation_service_pb2 import RecommendClassesResponse
from tests.support.app import publish, running, write_features
from tests.support.feast_store import DAY, EVERY_TYPE, SQLITE, write, write_profile

pytestmark = pytest.mark.slow

MOODY = """
def moody(inputs):
    rows = zip(inputs["float64"], inputs["mood"])
    return {"liking": [liking * mood if mood is not None else liking for liking, mood in rows]}
"""
HOURS = "def hours(inputs):\n    return {'slots': [60 / (minutes - 10) for minutes in inputs['minutes']]}"


def _compute(manifest: pb.Manifest) -> None:
    """Has the model's `liking` computed from another feature and the request's mood, and classes' slots shown."""
    liking = next(spec for spec in manifest.inputs if spec.name == "liking")
    liking.feature_view, liking.ttl_seconds = "moody", 0
    moody = manifest.on_demand_views.add(name="moody", source=pb.SOURCE_MEMBER, function=MOODY)
    number = {"data_type": pb.DATA_TYPE_FLOAT64}
    moody.inputs.add(name="float64", source=pb.SOURCE_MEMBER, feature_view="typed", ttl_seconds=DAY, **number)
    moody.inputs.add(name="mood", source=pb.SOURCE_CONTEXT, **number)
    hours = manifest.on_demand_views.add(name="hours", source=pb.SOURCE_CLASS, function=HOURS)
    hours.inputs.extend(spec for spec in manifest.inputs if spec.name == "minutes")
    manifest.display_features.add(name="slots", source=pb.SOURCE_CLASS, feature_view="hours", **number)
    rows = {"float64": [0.5], "mood": [2.0], "minutes": [20.0]}
    for view in manifest.on_demand_views:
        set_golden_rows(view, [*manifest.inputs, *manifest.display_features], rows)


def _ids(response: RecommendClassesResponse) -> list[str]:
    return [ranked.class_id for ranked in response.classes]


async def test_what_is_computed_is_ranked_by_and_shown(tmp_path: Path) -> None:
    repo = write_profile(tmp_path, SQLITE.format(root=tmp_path))
    row = {name: value for name, (_, _, value) in EVERY_TYPE.items()}
    write(write_features(repo), "typed", [{"member_id": "m1", **row, "float64": 1.0}])
    publish(tmp_path, 1, change=_compute)
    async with running(tmp_path, repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)

        usual = await server.client.recommend_classes("m1", class_feature_names=["slots"])
        moody = await server.client.recommend_classes("m1", context={"mood": -1.0})
        with pytest.raises(InvalidRequest, match="mood"):
            await server.client.recommend_classes("m1", context={"mood": "bad"})

        assert (_ids(usual), _ids(moody)) == (["c2", "c3", "c1"], ["c1", "c3", "c2"])
        shown = {ranked.class_id: ranked.class_features[0] for ranked in usual.classes}
        assert (shown["c2"].double_value, shown["c3"].double_value) == (3, 6)
        assert not shown["c1"].WhichOneof("value")
        assert 'paceline_on_demand_failures_total{view="hours"} 1.0' in await server.metrics()
