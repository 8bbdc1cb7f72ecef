"""A model that predicts numbers: trained from a flat table, published, and asked of both runtimes over gRPC."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow_serving.apis import input_pb2

from tests.support.polling import until
from tests.support.site import Site
from tests.support.tfserving_client import ServingClient, array, failure

pytestmark = pytest.mark.slow

MODEL = "price"
SPEC = """
[model]
objective = "regression"
layer_sizes = [16]
batch_size = 128
min_count = 1
epochs = 12
deep_learning_rate = 0.01
"""
LOAD_SECONDS = 60.0


class Trained(NamedTuple):
    """A published version."""

    site: Site
    directory: Path
    rmse: float
    """Of its test rows."""


class Rows(NamedTuple):
    """What a request asks for."""

    columns: dict[str, NDArray[Any]]
    truth: NDArray[np.float64]


def draw_rows(count: int, seed: int) -> Rows:
    """Returns prices between 50 and 400 that colour and size decide."""
    chance = np.random.default_rng(seed)
    colour = chance.choice(["red", "green", "blue"], count)
    size = chance.uniform(0, 50, count).astype(np.float32)
    truth = np.where(colour == "red", 200.0, 50.0) + 4 * size.astype(np.float64)
    return Rows({"colour": colour.astype(object), "size": size}, truth)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    site = Site(tmp_path_factory.mktemp("regression"))
    (site.root / "spec.toml").write_text(SPEC, encoding="utf-8")
    flags: list[object] = ["--label", MODEL, "--spec", site.root / "spec.toml", "--out", site.models]
    for seed, (split, count) in enumerate({"table": 3000, "validation": 500, "test": 500}.items()):
        rows = draw_rows(count, seed)
        noise = np.random.default_rng(seed).normal(0, 2, count)
        pq.write_table(pa.table({**rows.columns, MODEL: rows.truth + noise}), site.root / f"{split}.parquet")
        flags += [f"--{split}", site.root / f"{split}.parquet"]
    document = site.document("train", *flags)
    return Trained(site, Path(document["directory"]), document["metrics"]["test"]["model"]["rmse"])


@contextmanager
def asking(trained: Trained, runtime: str) -> Iterator[ServingClient]:
    """Runs a server of the model, and gives a client once the version is there."""
    site, config = trained.site, trained.site.root / "models.config"
    model = f'name: "{MODEL}" base_path: "{trained.directory.parent}" model_platform: "tensorflow"'
    config.write_text(f"model_config_list {{ config {{ {model} }} }}", encoding="utf-8")
    flags = ("--model-config-file", config, "--runtime", runtime, "--require-manifest")
    with site.server(site.root / "server.log", *flags) as server, grpc.insecure_channel(server.address) as channel:
        client = ServingClient(channel)
        until(lambda: client.states(MODEL) == {1: "AVAILABLE"}, LOAD_SECONDS)
        yield client


def as_examples(columns: dict[str, NDArray[Any]]) -> input_pb2.Input:
    made = [
        tf.train.Example(
            features=tf.train.Features(
                feature={
                    "colour": tf.train.Feature(bytes_list=tf.train.BytesList(value=[colour.encode()])),
                    "size": tf.train.Feature(float_list=tf.train.FloatList(value=[size])),
                }
            )
        )
        for colour, size in zip(columns["colour"], columns["size"], strict=True)
    ]
    return input_pb2.Input(example_list=input_pb2.ExampleList(examples=made))


@pytest.mark.parametrize("runtime", ["tensorflow", "openvino"])
def test_numbers_are_served_as_the_saved_model_has_them(trained: Trained, runtime: str) -> None:
    """In units of the labels, and near the truth; OpenVINO has the default signature only, and says so."""
    columns, truth = draw_rows(200, seed=9)
    signature = tf.saved_model.load(str(trained.directory)).signatures["serving_default"]
    expected = signature(**{name: tf.constant(column) for name, column in columns.items()})["score"].numpy()

    with asking(trained, runtime) as client:
        predicted = array(client.predict(columns, name=MODEL), "score")
        regress = partial(client.regress, as_examples(columns), name=MODEL, signature="regress")
        if runtime == "tensorflow":
            np.testing.assert_allclose(regress(), expected, rtol=1e-5)
        else:
            assert failure(regress) is grpc.StatusCode.INVALID_ARGUMENT

    np.testing.assert_allclose(predicted, expected, rtol=1e-5)
    assert trained.rmse < 0.05 * truth.std()
    assert np.sqrt(np.mean(np.square(predicted - truth))) < 0.05 * truth.std()
