import asyncio
import os
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from openvino import opset13 as ops

from contract.columns import to_message
from contract.indexed import FOLDER, VOCABULARIES
from contract.manifest import write_manifest
from contract.stubs import manifest_pb2 as pb
from server.models.openvino.graph import is_fast_in_bfloat16
from server.models.openvino.model import Model
from server.models.openvino.preselection import Example
from server.models.openvino.runner import OpenVinoRunner
from server.models.openvino.scan import Way
from server.models.ports import CallFailed
from tests.support.fitted import fitted_model
from tests.support.model_inputs import RANKING_INPUTS, Columns, draw_classes, draw_members

pytestmark = pytest.mark.slow

MEMBERS, CLASSES, MANY = 40, 30, 600
KEY, MANY_KEY = 7, 20
SOURCE = pb.FeatureSource(feature_service="s", member_key="member_id", class_key="class_id")


@pytest.fixture(scope="module", params=["indexable", "wide", "deep"])
def version(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Exports a model as a version, once for each kind."""
    directory = tmp_path_factory.mktemp(request.param) / "m" / "1"
    fitted_model(request.param).export(directory)
    write_manifest(directory, pb.Manifest(model_name="m", version=1, feature_source=SOURCE, inputs=RANKING_INPUTS))
    return request.param, directory


@pytest.fixture
async def runner(version: tuple[str, Path]) -> AsyncIterator[OpenVinoRunner]:
    started = await OpenVinoRunner.start(lambda: None)
    await started.load(version[1])
    yield started
    await started.close()


def _pairs(members: Columns, classes: Columns) -> dict[str, NDArray[Any]]:
    """Returns a row for each member with each class."""
    i, j = (places.ravel() for places in np.indices((MEMBERS, CLASSES)))
    return {k: v[i] for k, v in members.items()} | {k: v[j] for k, v in classes.items()}


async def test_ranks_and_scores_as_the_fitted_model(version: tuple[str, Path], runner: OpenVinoRunner) -> None:
    """For members and classes with values that training never saw, and some without a value."""
    members, classes = draw_members(MEMBERS, seed=77), draw_classes(CLASSES, seed=77)
    rows = _pairs(members, classes)
    expected = fitted_model(version[0]).predict(rows)

    await runner.encode_classes(KEY, classes, keep=())
    ranked, positions = await runner.rank(KEY, lambda: members, np.ones((MEMBERS, CLASSES), np.bool_), CLASSES)
    scored = await runner.run("serving_default", rows)

    scores = np.empty((MEMBERS, CLASSES), np.float32)
    np.put_along_axis(scores, positions, ranked, axis=1)
    np.testing.assert_allclose(scores.ravel(), expected, atol=1e-5)
    np.testing.assert_allclose(scored["score"], expected, atol=1e-5)
    assert (np.diff(ranked) <= 0).all()
    assert len(np.unique(expected.round(4))) > 20


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_of_the_candidates_the_best_are_ranked(version: tuple[str, Path], data: st.DataObject) -> None:
    """Few or many, for one member or several, each with candidates of their own."""
    model = _model(version[1])
    members = data.draw(st.integers(1, 4))
    columns = {name: column[:members] for name, column in draw_members(MEMBERS, seed=5).items()}
    share = data.draw(st.sampled_from([0.05, 0.3, 0.9]))
    candidates = np.random.default_rng(data.draw(st.integers(0, 99))).random((members, CLASSES)) < share
    count = data.draw(st.integers(1, CLASSES))

    everything, places = model.rank(KEY, columns, np.ones_like(candidates), CLASSES)
    scores, positions = model.rank(KEY, columns, candidates, count)

    for row in range(members):
        is_kept = candidates[row][places[row]]
        kept, wanted = places[row][is_kept][:count], everything[row][is_kept][:count]
        rest = count - len(kept)
        np.testing.assert_allclose(scores[row], [*wanted, *[-1] * rest], atol=1e-6)
        assert set(positions[row]) - {-1} <= set(np.flatnonzero(candidates[row]))
        assert np.count_nonzero(positions[row] == -1) == rest


@pytest.mark.parametrize("rows_at_once", [1, 7, 64])
def test_classes_and_members_may_come_in_any_number_of_pieces(
    version: tuple[str, Path], rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, candidates = draw_members(MEMBERS, seed=5), np.ones((MEMBERS, CLASSES), np.bool_)
    model = _model(version[1])
    whole, whole_places = model.rank(KEY, columns, candidates, CLASSES)

    monkeypatch.setattr("server.models.openvino.ranker.ENCODED_AT_ONCE", rows_at_once)
    monkeypatch.setattr("server.models.openvino.ranking.ROWS_AT_ONCE", rows_at_once)
    model.encode_classes(KEY + 1, draw_classes(CLASSES, seed=77), keep=(KEY, MANY_KEY))
    scores, places = model.rank(KEY + 1, columns, candidates, CLASSES)

    np.testing.assert_allclose(scores, whole, atol=1e-6)
    np.testing.assert_array_equal(np.sort(places), np.sort(whole_places))


def test_no_classes_are_encoded_as_none(version: tuple[str, Path]) -> None:
    none = {name: column[:0] for name, column in draw_classes(1, seed=77).items()}
    model = _model(version[1])
    model.encode_classes(KEY + 1, none, keep=(KEY, MANY_KEY))

    scores, places = model.rank(KEY + 1, draw_members(2, seed=5), np.ones((2, 0), np.bool_), 0)

    assert scores.shape == places.shape == (2, 0)


@pytest.mark.parametrize("way", ["int8", "bfloat16", "probe"])
@pytest.mark.parametrize("share", [1.0, 0.8, 0.3])
def test_preselecting_roughly_finds_the_best_of_float32(
    version: tuple[str, Path], way: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but a hundredth of the best 20 of 600 for a thousand members, in blocks and with few candidates too.

    The probe of a network as small as the deep one, without a wide part, would have to preselect too many.
    """
    members, candidates = draw_members(1000, seed=3), np.random.default_rng(5).random((1, MANY)) < share
    candidates = np.tile(candidates, (1000, 1))
    exact, rough = _model(version[1]), _model(version[1], way)

    expected, best = exact.rank(MANY_KEY, members, candidates, 20)
    scores, places = rough.rank(MANY_KEY, members, candidates, 20)
    for most in ("MOST_AT_ONCE", "MOST_PROBED_AT_ONCE"):
        monkeypatch.setattr(f"server.models.openvino.scan.{most}", 150)
    rough.encode_classes(MANY_KEY + 1, draw_classes(MANY, seed=4), keep=(KEY, MANY_KEY))
    in_blocks = rough.rank(MANY_KEY + 1, members, candidates, 20)

    is_able = {"int8": True, "bfloat16": is_fast_in_bfloat16(), "probe": version[0] == "indexable"}
    has_way = version[0] != "wide" and is_able[way]
    assert rough.preselects_in(MANY_KEY) == (way if has_way else "float32")
    has_probe = has_way and way == "probe"
    assert (rough.rows_at_once(MANY_KEY) > exact.rows_at_once(MANY_KEY)) == has_probe
    np.testing.assert_array_equal(in_blocks[1], places)
    shared = [len(set(ours) & set(theirs)) for ours, theirs in zip(places.tolist(), best.tolist(), strict=True)]
    assert np.mean(shared) >= 0.99 * 20
    same = (places == best).all(axis=1)
    np.testing.assert_allclose(scores[same], expected[same], atol=1e-6)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_what_is_preselected_has_the_scores_of_float32(version: tuple[str, Path], data: st.DataObject) -> None:
    """Whatever the page, for members who each have candidates of their own."""
    members, count = data.draw(st.integers(1, 11)), data.draw(st.integers(1, 40))
    columns = {name: column[:members] for name, column in draw_members(MEMBERS, seed=5).items()}
    candidates = np.random.default_rng(data.draw(st.integers(0, 99))).random((members, MANY)) < 0.9
    everything, places = _model(version[1]).rank(MANY_KEY, columns, np.ones_like(candidates), MANY)
    expected = np.empty_like(everything)
    np.put_along_axis(expected, places, everything, axis=1)

    scores, positions = _model(version[1], "int8").rank(MANY_KEY, columns, candidates, count)

    np.testing.assert_allclose(scores, np.take_along_axis(expected, positions, axis=1), atol=1e-6)
    assert np.take_along_axis(candidates, positions, axis=1).all()
    assert (np.diff(np.sort(positions, axis=1)) > 0).all()


def test_a_way_that_does_not_find_the_best_is_not_used(
    version: tuple[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    def choose(_: Example, ways: Sequence[Way]) -> list[Way]:
        return [replace(way, name="upside down", part=_negated(way.part)) for way in ways[:1]] + [*ways[:1]]

    model = Model(version[1], _manifest(), calls_at_once=1, choose=choose)
    model.encode_classes(MANY_KEY, draw_classes(MANY, seed=4), keep=())

    assert model.preselects_in(MANY_KEY) == ("float32" if version[0] == "wide" else "int8")
    assert ("upside down finds but" in caplog.text) == (version[0] != "wide")


def test_a_way_is_tried_with_twice_as_many_where_there_are_enough(
    version: tuple[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    def choose(_: Example, ways: Sequence[Way]) -> list[Way]:
        return [replace(way, part=_negated(way.part), preselected=64) for way in ways[:1]]

    model = Model(version[1], _manifest(), calls_at_once=1, choose=choose)
    for classes in (200, MANY):
        model.encode_classes(classes, draw_classes(classes, seed=4), keep=())

    tried = [record.args[-1] for record in caplog.records if isinstance(record.args, tuple)]
    assert tried == ([] if version[0] == "wide" else [64, 64, 128])


@pytest.mark.usefixtures("runner")
async def test_its_threads_step_back_for_those_that_handle_requests() -> None:
    found = {found.name: os.getpriority(os.PRIO_PROCESS, found.native_id or 0) for found in threading.enumerate()}

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert {nice > own for name, nice in found.items() if name.startswith("openvino")} == {True}


def test_few_classes_and_those_of_a_model_without_golden_requests_are_scored_in_float32(
    version: tuple[str, Path],
) -> None:
    assert _model(version[1], "int8").preselects_in(KEY) == "float32"
    assert _model(version[1]).preselects_in(MANY_KEY) == "float32"


def _negated(part: ov.Model) -> ov.Model:
    found = part.clone()
    end = found.output(0).get_node().input_value(0)
    return ov.Model([ops.negative(end).output(0)], found.get_parameters(), "negated")


_models: dict[tuple[Path, str], Model] = {}


def _model(version_dir: Path, way: str = "") -> Model:
    """Returns a model that preselects classes in one way, or scores all in float32."""
    key = version_dir, way
    if key not in _models:
        manifest = _manifest() if way else pb.Manifest(inputs=RANKING_INPUTS, feature_source=SOURCE)
        chosen = Model(version_dir, manifest, 1, lambda _, ways: [found for found in ways if found.name == way])
        chosen.encode_classes(KEY, draw_classes(CLASSES, seed=77), keep=())
        chosen.encode_classes(MANY_KEY, draw_classes(MANY, seed=4), keep=(KEY, MANY_KEY))
        _models[key] = chosen
    return _models[key]


def _manifest() -> pb.Manifest:
    """Returns a manifest with golden requests, which a model is tried with before it serves."""
    classes, members = draw_classes(64, seed=11), draw_members(5, seed=12)
    requests = [{k: v[[i]] for k, v in members.items()} | classes for i in range(5)]
    golden = [
        pb.GoldenRequest(columns=[to_message(i, columns[i.name]) for i in RANKING_INPUTS]) for columns in requests
    ]
    return pb.Manifest(inputs=RANKING_INPUTS, feature_source=SOURCE, golden_requests=golden)


async def test_a_runner_tells_what_it_preselects_in(runner: OpenVinoRunner) -> None:
    await runner.encode_classes(KEY, draw_classes(CLASSES, seed=77), keep=())

    assert runner.runtime == "openvino, float32"


async def test_calls_beside_each_other_get_their_own_answers(runner: OpenVinoRunner) -> None:
    await runner.encode_classes(KEY, draw_classes(CLASSES, seed=77), keep=())
    columns = [{name: column[[i]] for name, column in draw_members(8, seed=9).items()} for i in range(8)]
    members = [partial(dict[str, Any], one) for one in columns]
    everything = np.ones((1, CLASSES), np.bool_)
    alone = [await runner.rank(KEY, member, everything, 5) for member in members]

    together = await asyncio.gather(*(runner.rank(KEY, member, everything, 5) for member in members * 5))

    for found, expected in zip(together, alone * 5, strict=True):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


async def test_no_signature_but_the_default_one_runs(runner: OpenVinoRunner) -> None:
    with pytest.raises(CallFailed, match="no signature but 'serving_default'"):
        await runner.run("classify", {})


async def test_tensors_of_other_numbers_of_rows_are_the_callers_fault(runner: OpenVinoRunner) -> None:
    rows = _pairs(draw_members(MEMBERS, seed=77), draw_classes(CLASSES, seed=77))

    with pytest.raises(CallFailed) as failed:
        await runner.run("serving_default", {**rows, "minutes": rows["minutes"][:3]})

    assert failed.value.code == 3


@pytest.mark.parametrize("name", [VOCABULARIES, "saved_model.pb"])
async def test_a_version_without_a_part_of_its_graph_fails(tmp_path: Path, name: str) -> None:
    version_dir = tmp_path / "m" / "1"
    fitted_model("deep").export(version_dir)
    write_manifest(version_dir, pb.Manifest(model_name="m", version=1, inputs=RANKING_INPUTS))
    (version_dir / FOLDER / name).unlink()
    runner = await OpenVinoRunner.start(lambda: None)

    with pytest.raises(CallFailed, match="OpenVINO can't run it"):
        await runner.load(version_dir)

    await runner.close()


def test_a_model_that_hashes_unknown_values_has_no_such_graph(tmp_path: Path) -> None:
    fitted_model("both").export(tmp_path / "1")

    assert not (tmp_path / "1" / FOLDER).exists()
