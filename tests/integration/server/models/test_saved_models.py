"""SavedModels as others make them, in a real runner."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import pytest_asyncio
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from server.domain.signatures import CLASSIFY, PREDICT, REGRESS, Signatures, TensorSpec
from server.models.ports import CallFailed
from tests.support import odd_models
from tests.support.examples import example
from tests.support.shared_runner import SharedRunner, shared_runner

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

TEXTS = np.array([b"run", "yoga é".encode(), b"\xff\x00", b""], dtype=object)
ARRAYS: dict[str, NDArray[Any]] = {
    "string": TEXTS,
    "int64": np.array([-(2**63), 0, 2**63 - 1, 7]),
    "bfloat16": np.array([1.5, -2, np.inf, 1e30], dtype=ml_dtypes.bfloat16),
    "float16": np.array([1.5, -2, np.inf, 6e4], dtype=np.float16),
    "float64": np.array([1e-300, 1e300, -0.0, np.nan]),
    "bool": np.array([True, False, True, True]),
    "complex64": np.array([1 + 2j, -1j, 0, 3], dtype=np.complex64),
    "uint8": np.array([0, 127, 128, 255], dtype=np.uint8),
    "qint8": np.array([-128, -1, 0, 127], dtype=np.int8),
    "quint8": np.array([0, 127, 128, 255], dtype=np.uint8),
    "qint32": np.array([-(2**31), -1, 0, 2**31 - 1], dtype=np.int32),
}
"""An array of each dtype; the quantised ones are the whole numbers that they are stored as."""
SHAPES = [(), (4,), (2, 2), (1, 4, 1), (0, 3)]


class Loaded:
    """Models in one runner, each loaded when it is asked for and another one is."""

    def __init__(self, runner: SharedRunner, folder: Path) -> None:
        self.runner = runner
        self._folder = folder
        self._present: Path | None = None
        self.signatures: Signatures = {}

    async def load(self, name: str, write: Callable[[Path], Path]) -> SharedRunner:
        folder = self._folder / name
        if not folder.exists():
            write(folder)
        if folder != self._present:
            self.signatures = await self.runner.load(folder)
            self._present = folder
        return self.runner

    async def every_dtype(self) -> SharedRunner:
        return await self.load("every_dtype", lambda folder: odd_models.write(odd_models.EveryDtype(), folder))

    async def picky(self) -> SharedRunner:
        return await self.load("picky", lambda folder: odd_models.write(odd_models.Picky(), folder))

    async def v1(self) -> SharedRunner:
        return await self.load("v1", lambda folder: odd_models.write_v1(folder, ["serve"]))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Loaded]:
    async with shared_runner() as runner:
        yield Loaded(runner, tmp_path_factory.mktemp("models"))


async def failure(
    runner: SharedRunner, signature: str, outputs: list[str] | None = None, **tensors: Any
) -> CallFailed:
    arrays = {name: np.asarray(tensor) for name, tensor in tensors.items()}
    with pytest.raises(CallFailed) as failed:
        await runner.run(signature, arrays, outputs or ())
    return failed.value


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", odd_models.DTYPES)
async def test_a_tensor_comes_back_as_it_went(loaded: Loaded, dtype: str, shape: tuple[int, ...]) -> None:
    runner = await loaded.every_dtype()
    size = int(np.prod(shape))
    sent = ARRAYS[dtype][:size].reshape(shape)
    received = (await runner.run(dtype, {"x": sent}))["y"]
    assert (received.dtype, received.shape) == (sent.dtype, shape)
    np.testing.assert_array_equal(received, sent)


@pytest.mark.parametrize("texts", [["run", "yoga é"], [b"run", "yoga é"]])
async def test_texts_may_be_sent_as_str_and_come_back_as_bytes(loaded: Loaded, texts: list[str | bytes]) -> None:
    runner = await loaded.every_dtype()
    for sent in (np.array(texts, dtype=object), np.array(["run", "yoga é"])):
        received = (await runner.run("string", {"x": sent}))["y"]
        assert received.tolist() == [b"run", "yoga é".encode()]


async def test_a_signature_is_described_with_dtypes_shapes_and_defaults(loaded: Loaded) -> None:
    await loaded.every_dtype()
    assert loaded.signatures["qint8"].inputs == {"x": TensorSpec("qint8", None)}
    await loaded.picky()
    signature = loaded.signatures["serving_default"]
    assert signature.inputs == {
        "rows": TensorSpec("float32", (None, 3)),
        "factor": TensorSpec("int64", ()),
        "unit": TensorSpec("string", ()),
    }
    assert (signature.optional, signature.method_name) == (frozenset({"factor", "unit"}), PREDICT)
    assert SignatureDef.FromString(signature.definition).inputs["rows"].dtype == tf.float32.as_datatype_enum


async def test_inputs_that_are_left_out_have_their_defaults(loaded: Loaded) -> None:
    runner = await loaded.picky()
    rows = np.array([[1, 2, 3]], dtype=np.float32)
    found = await runner.run("serving_default", {"rows": rows})
    assert (found["scaled"].tolist(), found["total"].tolist(), found["unit"].tolist()) == (
        [[7, 14, 21]],
        42,
        b"kg",
    )
    found = await runner.run(
        "serving_default", {"rows": rows, "factor": np.array(2), "unit": np.array("lb", object)}
    )
    assert (found["scaled"].tolist(), found["unit"].tolist()) == ([[2, 4, 6]], b"lb")


@pytest.mark.parametrize("exported", [True, False])
async def test_a_model_of_keras_is_served_without_keras(loaded: Loaded, exported: bool) -> None:
    """Though a model that is saved whole has an optimizer of Keras."""
    write = partial(odd_models.write_keras, exported=exported)
    runner = await loaded.load(f"keras_{exported}", write)
    rows = np.array([[1, 2, 3], [0, 0, 1]], dtype=np.float32)
    (name,) = loaded.signatures["serving_default"].inputs
    (found,) = (await runner.run("serving_default", {name: rows})).values()
    np.testing.assert_allclose(found, [[3.0], [0.5]])
    libraries = mapped(runner.pid)
    assert "tensorflow" in libraries
    assert "pandas" not in libraries  # which Keras imports


def mapped(pid: int) -> str:
    """Returns what files a process has in its memory."""
    return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


async def test_only_the_outputs_that_are_named_are_given(loaded: Loaded) -> None:
    runner = await loaded.picky()
    rows = np.ones((1, 3), dtype=np.float32)
    found = await runner.run("serving_default", {"rows": rows}, ["total", "unit"])
    assert list(found) == ["total", "unit"]


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "input 'rows' is missing, expected float32 [?, 3]"),
        ({"rows": np.ones((1, 3))}, "input 'rows' is float64 [1, 3], expected float32 [?, 3]"),
        ({"rows": np.ones((1, 3), np.int64)}, "input 'rows' is int64 [1, 3], expected float32 [?, 3]"),
        ({"rows": TEXTS[:3].reshape(1, 3)}, "input 'rows' is string [1, 3], expected float32 [?, 3]"),
        ({"rows": np.ones((1, 4), np.float32)}, "input 'rows' is float32 [1, 4], expected float32 [?, 3]"),
        ({"rows": np.ones(3, np.float32)}, "input 'rows' is float32 [3], expected float32 [?, 3]"),
        (
            {"rows": np.ones((1, 3), np.float32), "factor": np.array([1])},
            "input 'factor' is int64 [1], expected int64 []",
        ),
        (
            {"rows": np.ones((1, 3), np.float32), "wings": np.array(2)},
            "there is no input 'wings', expected one of ['factor', 'rows', 'unit']",
        ),
        ({"rows": np.array([[None, 1, 2]], object)}, "input 'rows' is no tensor: "),
        ({"rows": np.array(["2026-01-01"], "datetime64[D]")}, "input 'rows' is no tensor: "),
    ],
)
async def test_tensors_that_do_not_fit_are_an_invalid_argument(
    loaded: Loaded, tensors: dict[str, Any], message: str
) -> None:
    failed = await failure(await loaded.picky(), "serving_default", **tensors)
    assert str(failed).startswith(message)
    assert failed.code == 3


async def test_a_quantised_input_takes_only_what_it_is_stored_as(loaded: Loaded) -> None:
    failed = await failure(await loaded.every_dtype(), "qint8", x=np.array([1, 2]))
    assert (str(failed), failed.code) == ("input 'x' is int64 [2], expected qint8", 3)


async def test_an_unknown_signature_or_output_is_an_invalid_argument(loaded: Loaded) -> None:
    runner = await loaded.picky()
    failed = await failure(runner, "rank", x=1)
    assert (str(failed), failed.code) == (
        "there is no signature 'rank', expected one of ['read', 'root', 'serving_default']",
        3,
    )
    failed = await failure(runner, "root", ["y", "z"], x=np.ones(1, np.float32))
    assert (str(failed), failed.code) == ("there is no output 'z', expected one of ['y']", 3)


async def test_an_operation_that_fails_gives_tensorflows_code_and_cause(loaded: Loaded) -> None:
    runner = await loaded.picky()
    failed = await failure(runner, "root", x=np.array([4, -1], np.float32))
    assert str(failed).startswith("assertion failed: [x has to be at least 0. ] [Condition x >= 0 did not hold")
    assert failed.code == 3
    failed = await failure(runner, "read", path=np.array("/absent", object))
    assert (str(failed), failed.code) == ("/absent; No such file or directory", 5)
    assert (await runner.run("root", {"x": np.array([4], np.float32)}))["y"].tolist() == [2]


class TestOfTensorFlow1:
    async def test_its_variables_tables_and_assets_are_there(self, loaded: Loaded) -> None:
        runner = await loaded.v1()
        found = await runner.run("predict", {"the x/of:1": np.array([1, 2], np.float32)})
        assert found["y"].tolist() == [3, 6]
        found = await runner.run("look_up", {"word": np.array(["yoga", "row"], object)})
        assert found["index"].tolist() == [1, -1]

    async def test_it_classifies_and_regresses_examples(self, loaded: Loaded) -> None:
        runner = await loaded.v1()
        methods = {name: signature.method_name for name, signature in loaded.signatures.items()}
        assert methods == {"predict": PREDICT, "look_up": PREDICT, "classify": CLASSIFY, "regress": REGRESS}
        examples = {"inputs": np.array([example(minutes=30), example(minutes=15)], object)}
        found = await runner.run("classify", examples)
        assert found["classes"].tolist() == [[b"short", b"long"]] * 2
        assert found["scores"].tolist() == [[-29, 30], [-14, 15]]
        assert (await runner.run("regress", examples))["outputs"].tolist() == [0.5, 0.25]

    @pytest.mark.parametrize(
        ("rubbish", "message"),
        [
            (
                example(seconds=30),
                "Name: <unknown>, Feature: minutes (data type: float) is required but could not be found.",
            ),
            (b"\xff", "Could not parse example input, value: '\N{REPLACEMENT CHARACTER}'"),
        ],
    )
    async def test_an_example_that_does_not_parse_is_an_invalid_argument(
        self, loaded: Loaded, rubbish: bytes, message: str
    ) -> None:
        failed = await failure(await loaded.v1(), "regress", inputs=np.array([rubbish], object))
        assert (str(failed), failed.code) == (message, 3)

    async def test_the_graph_for_serving_is_found_among_several(self, loaded: Loaded) -> None:
        runner = await loaded.load(
            "two_graphs", lambda folder: odd_models.write_v1(folder, ["train"], ["serve"], ["serve", "gpu"])
        )
        found = await runner.run("predict", {"the x/of:1": np.array([1], np.float32)})
        assert found["y"].tolist() == [4]

    async def test_simple_save_has_its_default_signature(self, loaded: Loaded) -> None:
        runner = await loaded.load("simple", odd_models.write_simple_v1)
        assert loaded.signatures["serving_default"].inputs == {"x": TensorSpec("float32", None)}
        assert (await runner.run("serving_default", {"x": np.array(2, np.float32)}))["y"].tolist() == 6


async def test_a_model_without_a_graph_for_serving_does_not_load(loaded: Loaded) -> None:
    with pytest.raises(CallFailed) as failed:
        await loaded.load("training", lambda folder: odd_models.write_v1(folder, ["train"], ["serve", "gpu"]))
    assert "graphs with the tags [['train'], ['gpu', 'serve']], expected one with ['serve']" in str(failed.value)
