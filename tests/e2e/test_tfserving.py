"""A team that uses TensorFlow Serving points its client at Paceline: one server, without a feature repository."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from paceline import PacelineClient, Unimplemented
from server.models.watchdog import PING_SECONDS, RESPONSIVE_SECONDS
from tests.support import odd_models
from tests.support.documents import blocks, commands
from tests.support.half_plus import age, write_half_plus
from tests.support.load import loading
from tests.support.polling import polled, until
from tests.support.processes import ends_within
from tests.support.server_process import ServerProcess
from tests.support.site import ROOT
from tests.support.tfserving_client import ServingClient, array, examples, failure, model_spec, state_name
from tests.support.tfserving_site import LOADED, ServingSite, make_site
from tests.support.warmup_files import predict, write_warmup

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DOCUMENT = (ROOT / "docs" / "tensorflow-serving.md").read_text(encoding="utf-8")
LOAD_SECONDS = 120.0
"""For a runner that gives way to whatever else the machine does."""
LATE_SECONDS = 3.0
"""For what should happen at once, or how much later than it should."""
PIECE_SECONDS = 1.5
"""Between two of the six pieces of an upload, of which four take longer than files have to be the same."""
X = np.array([0, 1, 4], dtype=np.float32)
OK, UNAVAILABLE = grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE
INVALID_ARGUMENT, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> ServingSite:
    return make_site(tmp_path_factory.mktemp("tfserving"))


@pytest.fixture(scope="module")
def server(site: ServingSite) -> Iterator[ServerProcess]:
    with site.serving() as started:
        yield started


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[ServingClient]:
    """The team's client, once all models are there."""
    with grpc.insecure_channel(server.address) as channel:
        asking = ServingClient(channel)
        for name, versions in LOADED.items():
            until(partial(are_available, asking, name, *versions), LOAD_SECONDS)
        yield asking


@pytest.fixture(scope="module")
def admin(server: ServerProcess) -> Iterator[ServingClient]:
    """The same at the address for admins."""
    with grpc.insecure_channel(server.admin_address) as channel:
        yield ServingClient(channel)


def are_available(client: ServingClient, name: str, *versions: int) -> bool:
    states = client.states(name)
    return {states.get(version) for version in versions} == {"AVAILABLE"}


def test_each_policy_has_its_versions_loaded(client: ServingClient) -> None:
    assert client.states("half") == {3: "AVAILABLE", 2: "AVAILABLE", 1: "START"}
    assert client.states("words") == {2: "START", 1: "AVAILABLE"}
    assert client.states("echo") == {2: "AVAILABLE", 1: "AVAILABLE"}
    (status,) = client.statuses(name="half", label="canary").values()
    assert (status.version, status.status.error_code, status.status.error_message) == (3, 0, "")


@pytest.mark.parametrize(
    ("spec", "version"),
    [({}, 2), ({"label": "stable"}, 2), ({"label": "canary"}, 3), ({"version": 3}, 3), ({"version": 2}, 2)],
    ids=str,
)
def test_predict_answers_by_name_version_and_label(
    client: ServingClient, spec: dict[str, Any], version: int
) -> None:
    response = client.predict({"x": X}, name="half", **spec)
    assert array(response).tolist() == (X / 2 + version).tolist()
    assert array(response, "rows").tolist() == 3
    answered = response.model_spec
    assert (answered.name, answered.version.value, answered.signature_name) == ("half", version, "serving_default")


def test_predict_takes_a_signature_and_an_output_filter(client: ServingClient) -> None:
    doubled = client.predict({"x": X}, name="half", signature="double")
    assert array(doubled).tolist() == (X + 4).tolist()
    assert list(client.predict({"x": X}, ["rows"], name="half").outputs) == ["rows"]


def test_what_is_not_there_has_tensorflow_servings_code(client: ServingClient) -> None:
    ask = partial(client.predict, {"x": X})
    assert failure(partial(ask, name="half", version=1)) is NOT_FOUND
    assert failure(partial(ask, name="double")) is NOT_FOUND
    assert failure(partial(ask, name="half", label="newest")) is INVALID_ARGUMENT
    assert failure(partial(ask, name="half", signature="halve")) is FAILED_PRECONDITION
    assert failure(partial(ask, ["z"], name="half")) is INVALID_ARGUMENT
    assert failure(partial(client.predict, {"x": X.astype(np.int32)}, name="half")) is INVALID_ARGUMENT


@pytest.mark.parametrize("dtype", odd_models.DTYPES)
def test_texts_and_every_dtype_go_there_and_back(client: ServingClient, dtype: str) -> None:
    values = np.array([b"run", b"\xff", "é".encode()] if dtype == "string" else [0, 1, 1])
    sent = tf.make_tensor_proto(values, dtype=tf.as_dtype(dtype))
    answered = client.predict({"x": sent}, name="echo", signature=dtype).outputs["y"]
    assert answered.dtype == sent.dtype
    assert tf.make_ndarray(answered).tolist() == tf.make_ndarray(sent).tolist()


def test_a_model_of_tensorflow_1_has_its_tables_and_assets(client: ServingClient) -> None:
    found = client.predict({"word": np.array(["yoga", "row"])}, name="words", signature="look_up")
    assert array(found, "index").tolist() == [1, -1]


def test_examples_are_classified_and_regressed(client: ServingClient) -> None:
    given = examples(2, -8)
    classified = client.classify(given, name="half", signature="classify")
    assert [(row.classes[0].label, row.classes[0].score) for row in classified] == [("above", 3), ("below", -2)]
    assert client.regress(given, name="half", version=3, signature="regress") == [4, -1]
    specs = [model_spec("half", signature=name, label="canary") for name in ("classify", "regress")]
    first, second = client.infer(given, *specs)
    assert [row.classes[0].score for row in first.classification_result.classifications] == [4, -1]
    assert [found.value for found in second.regression_result.regressions] == [4, -1]


def test_examples_share_their_context(client: ServingClient) -> None:
    given = examples(nan, 4, context=2)
    assert client.regress(given, name="half", signature="regress") == [3, 4]
    classified = client.classify(given, name="half", signature="classify")
    assert [row.classes[0].score for row in classified] == [3, 4]
    (inferred,) = client.infer(given, model_spec("half", signature="regress"))
    assert [found.value for found in inferred.regression_result.regressions] == [3, 4]


def test_the_metadata_are_those_of_the_saved_model(client: ServingClient, site: ServingSite) -> None:
    saved = (site.models / "half_plus" / "3" / "saved_model.pb").read_bytes()
    (graph,) = saved_model_pb2.SavedModel.FromString(saved).meta_graphs
    assert client.signatures(name="half", version=3) == dict(graph.signature_def)


def test_a_version_is_loaded_once_all_of_it_is_there(
    client: ServingClient, site: ServingSite, tmp_path: Path
) -> None:
    """Its files arrive in pieces and keep the times that they had, as with `cp -a`, `tar` and `rsync -a`."""
    version = site.next_version("growing")
    source = write_half_plus(tmp_path / "aside", float(version))
    seen: set[tuple[str, str]] = set()
    with loading(partial(client.predict, {"x": X}, name="growing")) as load:
        for _ in copied(source, site.models / "growing" / str(version)):
            seen.update(polled(partial(told, client, "growing", version), PIECE_SECONDS))
        assert {answer.model_spec.version.value for answer in load.answers} == {version - 1}
        until(partial(are_available, client, "growing", version), LOAD_SECONDS)
        until(lambda: load.answers[-1].model_spec.version.value == version, LATE_SECONDS)
    assert seen <= {("", ""), ("END", "its files changed less than 5 s ago, and it has no manifest")}
    assert load.codes == {OK}
    for answer in load.answers:
        assert array(answer).tolist() == (X / 2 + answer.model_spec.version.value).tolist()


def copied(source: Path, target: Path) -> Iterator[None]:
    """Copies a version, and stops after each half of a file. The graph comes last."""
    for file in sorted((path for path in source.rglob("*") if path.is_file()), reverse=True):
        copy, data = target / file.relative_to(source), file.read_bytes()
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data[: len(data) // 2])
        yield
        copy.write_bytes(data)
        shutil.copystat(file, copy)
        yield


def told(client: ServingClient, model: str, version: int) -> tuple[str, str]:
    """Returns the state of a version and what is said of it; nothing if it was not seen."""
    status = client.statuses(name=model).get(version)
    return (state_name(status), status.status.error_message) if status else ("", "")


def test_a_broken_version_ends_with_its_error_and_the_old_one_serves_on(
    client: ServingClient, site: ServingSite, tmp_path: Path
) -> None:
    broken = write_half_plus(tmp_path / "aside", 9.0)
    (broken / "saved_model.pb").write_bytes(b"no model")
    with loading(partial(client.predict, {"x": X}, name="growing")) as load:
        error = refused(client, "growing", site.publish("growing", broken))
    assert error.error_code == FAILED_PRECONDITION.value[0]
    assert "saved_model.pb" in error.error_message
    assert load.codes == {OK}


def test_a_version_is_refused_whose_warmup_request_fails(
    client: ServingClient, site: ServingSite, tmp_path: Path
) -> None:
    unfit = write_half_plus(tmp_path / "aside", 9.0)
    write_warmup(unfit, [predict([1]), predict([1], name="distance")])
    age(unfit)
    error = refused(client, "growing", site.publish("growing", unfit))
    assert "tf_serving_warmup_requests: request 2: there is no input 'distance'" in error.error_message
    assert client.predict({"x": X}, name="growing").model_spec.version.value < site.next_version("growing") - 1


def refused(client: ServingClient, model: str, version: int) -> Any:
    """Returns the error of a version once it has ended, but not for its files that may still be arriving."""

    def found() -> Any:
        status = client.statuses(name=model).get(version)
        if status and state_name(status) == "END" and "files changed" not in status.status.error_message:
            return status.status
        return None

    return until(found, LOAD_SECONDS)


EXTRA = """
  config {{ name: "extra" base_path: "{root}/models/extra" model_platform: "tensorflow" }}
"""
ABSENT = 'config { name: "absent" base_path: "/nowhere" model_platform: "tensorflow" }'
TWICE = 'config { name: "half" base_path: "/nowhere" model_platform: "tensorflow" }'


def test_a_config_is_reloaded_at_the_address_for_admins_only(
    client: ServingClient, admin: ServingClient, site: ServingSite
) -> None:
    """Also of a model whose last file was written a moment ago."""
    (write_half_plus(site.models / "extra" / "1", 1.0) / "saved_model.pb").touch()
    wanted = site.config(EXTRA.format(root=site.root))
    assert failure(lambda: client.reload(wanted)) is grpc.StatusCode.PERMISSION_DENIED
    assert failure(partial(client.predict, {"x": X}, name="extra")) is NOT_FOUND
    with loading(partial(client.predict, {"x": X}, name="half")) as load:
        admin.reload(wanted)
        assert array(client.predict({"x": X}, name="extra")).tolist() == (X / 2 + 1).tolist()
        admin.reload(site.config())
        assert failure(partial(client.predict, {"x": X}, name="extra")) is NOT_FOUND
    assert load.codes == {OK}


class Unfit(NamedTuple):
    """What is added to a config, and replaced in it, so that it can't be served; and the code that tells so."""

    code: grpc.StatusCode
    more: str = ""
    replaced: tuple[str, str] = ("", "")


@pytest.mark.parametrize(
    "unfit",
    [
        Unfit(FAILED_PRECONDITION, ABSENT),
        Unfit(INVALID_ARGUMENT, TWICE),
        Unfit(FAILED_PRECONDITION, replaced=('"canary" value: 3', '"canary" value: 1')),
        Unfit(FAILED_PRECONDITION, ABSENT, ("specific { versions: 1 }", "specific { versions: 2 }")),
    ],
    ids=["no base path", "two of one name", "a label on what is not loaded", "no base path and another version"],
)
def test_a_config_that_can_not_be_served_changes_nothing(
    client: ServingClient, admin: ServingClient, server: ServerProcess, site: ServingSite, unfit: Unfit
) -> None:
    def present() -> tuple[object, ...]:
        config = site.paceline("models", "config", "--admin-address", server.admin_address)
        return config, {name: client.states(name) for name in LOADED}

    before, runners = present(), server.runners
    assert failure(lambda: admin.reload(site.config(unfit.more).replace(*unfit.replaced))) is unfit.code
    assert present() == before
    assert server.runners <= runners  # one of a model that was removed before may still have been ending


def test_a_runner_killed_under_load_costs_unavailable_calls_only(
    client: ServingClient, server: ServerProcess
) -> None:
    """Of a model of which nothing else is loaded."""
    ask = partial(client.predict, {"word": np.array(["run"])}, name="words", signature="look_up")
    with loading(ask) as load:
        until(lambda: load.answers, LATE_SECONDS)
        killed = server.runner("words", 1)
        os.kill(killed, signal.SIGKILL)
        until(lambda: UNAVAILABLE in load.codes, LATE_SECONDS)
        failed = load.outcomes[-1].begun
        until(lambda: load.since(failed).answers, LOAD_SECONDS)
    assert load.codes == {OK, UNAVAILABLE}
    assert load.longest_seconds < LATE_SECONDS
    assert server.runner("words", 1) != killed


def test_a_runner_that_hangs_is_passed_by_and_replaced(client: ServingClient, server: ServerProcess) -> None:
    """Another version steps in for "stable"; what asks for the hanging one by its number fails at once."""
    ask = partial(client.predict, {"x": X}, name="half")
    hanging = server.runner("half_plus", 2)
    of_2, of_3 = partial(ask, version=2), partial(ask, version=3)
    with loading(ask) as unnamed, loading(of_2) as same, loading(of_3) as other:
        until(lambda: all(load.answers for load in (unnamed, same, other)), LATE_SECONDS)
        os.kill(hanging, signal.SIGSTOP)
        until(lambda: answering(partial(ask, seconds=0.5)) == 3, RESPONSIVE_SECONDS + LATE_SECONDS)
        assert failure(partial(of_2, seconds=0.5)) is UNAVAILABLE
        assert not ends_within(hanging, 0)
        assert ends_within(hanging, PING_SECONDS + LATE_SECONDS)
        ended = time.monotonic()
        until(lambda: same.since(ended).answers, LOAD_SECONDS)
        until(lambda: unnamed.answers[-1].model_spec.version.value == 2, LATE_SECONDS)
    assert same.codes == {OK, UNAVAILABLE}
    assert unnamed.codes <= {OK, UNAVAILABLE}
    assert other.codes == {OK}
    assert max(load.longest_seconds for load in (unnamed, same)) < PING_SECONDS + LATE_SECONDS


def answering(ask: Callable[[], Any]) -> int | None:
    """Returns the version that answers, None if none does."""
    try:
        version: int = ask().model_spec.version.value
    except grpc.RpcError:
        return None
    return version


@pytest.mark.usefixtures("client")
def test_the_command_line_lists_and_tells_what_a_config_would_change(
    server: ServerProcess, site: ServingSite
) -> None:
    listed = json.loads(
        site.paceline("models", "list", "--models", site.models, "--address", server.address, "--json")
    )
    states = {(row["model"], row["version"]): row["state"] for row in listed["versions"]}
    assert states["half", 3] == states["words", 1] == "AVAILABLE"
    assert [row["message"] for row in listed["versions"] if row["state"] == "AVAILABLE" and row["message"]] == []
    config = site.paceline("models", "config", "--admin-address", server.admin_address)
    assert parsed(config) == parsed(site.config())
    saved, other = site.root / "saved.config", site.root / "other.config"
    saved.write_text(config)
    dry_run = partial(site.paceline, "models", "reload", "--dry-run", "--admin-address", server.admin_address)
    assert dry_run(saved) == "No changes.\n"
    renamed = config.replace('name: "words"', 'name: "verbs"')
    other.write_text(renamed.replace("num_versions: 2", "num_versions: 3"))
    assert dry_run(other).splitlines() == [
        "~ half is changed: its folder, versions or labels",
        "+ verbs is added",
        "- words is removed",
    ]
    assert dry_run(saved) == "No changes.\n"


def parsed(config: str) -> Any:
    message = text_format.Parse(config, ModelServerConfig())
    listed = message.model_config_list.config
    for model in listed:
        if not model.HasField("model_version_policy"):
            model.model_version_policy.latest.num_versions = 1
    return sorted(listed, key=lambda model: model.name)


@pytest.mark.usefixtures("client")
def test_every_command_of_the_document_works_as_it_stands(server: ServerProcess, site: ServingSite) -> None:
    serve, *others = commands(DOCUMENT)
    assert serve == ["paceline", "serve", "--model-config-file", "models.config", "&"]
    assert len(others) == 3
    for words in others:
        site.paceline(*words[1:], PACELINE_ADDRESS=server.address, PACELINE_ADMIN_ADDRESS=server.admin_address)
    (config,) = blocks(DOCUMENT, "")
    assert [model.name for model in parsed(config)] == ["half_plus_two"]


@pytest.mark.usefixtures("client")
def test_nothing_is_recommended_where_nothing_ranks(server: ServerProcess) -> None:
    with PacelineClient(server.address) as ours, pytest.raises(Unimplemented):
        ours.recommend_classes("m1")
