"""A whole server logs what it answers, with the inputs that its model was given."""

import asyncio
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from contract.distributions import LEAST_COUNT
from contract.profile import data_dir
from contract.served import FOLDER, INPUTS, contract_hash, served_files
from contract.stubs.manifest_pb2 import InputProfile, Manifest
from paceline import InvalidRequest, recommend_request
from paceline.v1.recommendation_service_pb2 import RecommendClassesResponse
from server.domain.errors import StartError
from tests.support import linear_model
from tests.support.app import publish, running, write_features
from tests.support.feast_store import SQLITE, manifest, write_profile
from tests.support.polling import until
from training.arrow_columns import ColumnReader

pytestmark = pytest.mark.slow

WEIGHT = 2.0


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PACELINE_DATA", raising=False)
    repo = write_profile(tmp_path, SQLITE.format(root=tmp_path))
    write_features(repo)
    return repo


def logged(repo: Path) -> pa.Table:
    """Returns all that is in the log."""
    files = list(served_files(data_dir(repo) / FOLDER))
    assert {file.contract for file in files} == {contract_hash(manifest().feature_source, manifest().inputs)}
    return pa.concat_tables(pq.ParquetFile(file.path).read() for file in files)


async def test_every_answer_is_logged_as_it_was_given(tmp_path: Path, repo: Path) -> None:
    """Alone and in batches, of known members and others; scoring the logged inputs gives the logged scores."""
    publish(tmp_path, 1, WEIGHT)
    async with running(tmp_path, repo, log_served=1.0) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        answers = [
            await server.client.recommend_classes("m1", request_id="mine", context={"surface": "home"}),
            await server.client.recommend_classes("nobody", page_size=2),
        ]
        batch = [recommend_request(member, request_id=f"batch-{member}") for member in ("m1", "m2")]
        answers += [answer async for _, answer in server.client.batch_recommend_classes(batch)]
        await server.client.score_classes("m1", ["c1"])
        with pytest.raises(InvalidRequest):
            await server.client.recommend_classes("m1", request_id="x" * 65)
    rows = logged(repo)
    for answer in answers:
        assert_logged(rows, answer)
    assert rows.num_rows == sum(len(answer.classes) for answer in answers)
    reader, inputs = ColumnReader(), rows[INPUTS].combine_chunks()
    columns = {s.name: reader.read(s, pa.chunked_array([inputs.field(s.name)])) for s in manifest().inputs}
    np.testing.assert_allclose(linear_model.scores(WEIGHT, columns), rows["score"].to_numpy(), atol=1e-6)


def assert_logged(rows: pa.Table, answer: RecommendClassesResponse) -> None:
    of_answer = [row for row in rows.to_pylist() if row["request_id"] == answer.request_id]
    assert [(row["class_id"], row["position"]) for row in of_answer] == [
        (ranked.class_id, place) for place, ranked in enumerate(answer.classes)
    ]
    np.testing.assert_array_equal([row["score"] for row in of_answer], [ranked.score for ranked in answer.classes])
    for row in of_answer:
        assert (row["model"], row["version"], row["arm"]) == ("ranking", 1, "stable")
        assert [found["view"] for found in row["feature_rows"]] == [r.feature_view for r in answer.feature_rows]


async def test_a_server_measures_how_far_the_served_is_from_the_trained(tmp_path: Path, repo: Path) -> None:
    def profiled(message: Manifest) -> None:
        profiles = [
            InputProfile(input_name="liking", edges=[0.5], shares=[0.5, 0.5]),
            InputProfile(input_name="surface", values=["home"], missing_share=1.0, shares=[0, 0]),
        ]
        message.input_profiles.extend(profiles)

    publish(tmp_path, 1, change=profiled)
    async with running(tmp_path, repo, log_served=1.0) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        requests = [recommend_request("m1") for _ in range(LEAST_COUNT)]
        assert len([answer async for answer in server.client.batch_recommend_classes(requests)]) == LEAST_COUNT
        labels = '{feature="%s",model="ranking",version="1"}'
        awaited = f"paceline_feature_psi{labels % 'liking'}"

        def told() -> str:
            text = asyncio.run(server.metrics())
            return text if awaited in text else ""

        text = await asyncio.to_thread(until, told, 30)
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("paceline_feature_"))
    assert float(values[awaited]) > 0.25
    assert float(values[f"paceline_feature_null_share{labels % 'liking'}"]) == 0
    assert float(values[f"paceline_feature_psi{labels % 'surface'}"]) == pytest.approx(0, abs=1e-9)
    assert float(values[f"paceline_feature_null_share{labels % 'surface'}"]) == 1


async def test_a_server_logs_nothing_unasked(tmp_path: Path, repo: Path) -> None:
    publish(tmp_path, 1)
    async with running(tmp_path, repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        assert (await server.client.recommend_classes("m1")).request_id
    assert not (data_dir(repo) / FOLDER).exists()


async def test_a_server_whose_log_has_no_place_does_not_start(tmp_path: Path, repo: Path) -> None:
    data_dir(repo).mkdir(exist_ok=True)
    (data_dir(repo) / FOLDER).write_text("no folder")
    with pytest.raises(StartError, match=r"--log-served needs the folder .*served, which can't be made"):
        async with running(tmp_path, repo, log_served=0.5):
            pass
