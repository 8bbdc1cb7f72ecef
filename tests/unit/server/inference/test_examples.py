"""Signatures that read examples: which can classify or regress, and what becomes of their outputs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from server.domain.errors import InvalidRequest, ModelFailed, NoSignature, NotFound, PacelineError
from server.domain.models import ModelSpec
from server.domain.signatures import CLASSIFY, PREDICT, REGRESS, Signature, TensorSpec
from server.inference.examples import UNIMPLEMENTED, Task, classify, infer, regress
from server.inference.methods import Classes, Values
from server.inference.types import Origin, Target
from tests.support.servables import CLASSIFYING, EXAMPLES, REGRESSING, FakeServables, texts

HALF = ModelSpec("half")
TO_CLASSIFY, TO_REGRESS = Target(HALF, "classify"), Target(HALF, "regress")
TWO = [b"abc", b"abcd"]
STRINGS, FLOATS = TensorSpec("string"), TensorSpec("float32")


def having(signature: Signature, outputs: dict[str, Any] | None = None) -> FakeServables:
    """Returns a model with one signature "only", which gives `outputs`."""
    return FakeServables({"only": signature}, answer=lambda *_: outputs or {})


async def test_each_example_gets_classes() -> None:
    servables = FakeServables()
    found = await classify(servables, TO_CLASSIFY, TWO)
    assert found.result.labels.tolist() == [[b"no", b"yes"]] * 2
    np.testing.assert_allclose(found.result.scores, [[0.7, 0.3], [0.6, 0.4]], rtol=1e-6)
    assert found.origin == Origin("half", 4, "classify")
    [(_, tensors, outputs)] = servables.runs
    assert (tensors["inputs"].tolist(), outputs, servables.leases) == (TWO, ["classes", "scores"], 0)


async def test_each_example_gets_a_value() -> None:
    found = await regress(FakeServables(), TO_REGRESS, TWO)
    np.testing.assert_allclose(found.result.values, [0.3, 0.4], rtol=1e-6)
    assert found.origin == Origin("half", 4, "regress")


async def test_several_signatures_see_the_same_examples() -> None:
    servables = FakeServables()
    tasks = [Task(Target(ModelSpec("half", 3), "regress"), REGRESS), Task(TO_CLASSIFY, CLASSIFY)]
    values, classes = await infer(servables, tasks, TWO)
    assert isinstance(values.result, Values)
    assert isinstance(classes.result, Classes)
    assert [values.origin, classes.origin] == [Origin("half", 3, "regress"), Origin("half", 3, "classify")]
    assert [tensors["inputs"].tolist() for _, tensors, _ in servables.runs] == [TWO, TWO]
    assert servables.leases == 0


@pytest.mark.parametrize(
    ("tasks", "violations"),
    [
        ([], {"tasks: is empty, expected at least one"}),
        (
            [Task(TO_CLASSIFY, CLASSIFY), Task(TO_CLASSIFY, CLASSIFY)],
            {"tasks[1].model_spec.signature_name: is 'classify' once more, expected each signature once"},
        ),
        (
            [Task(TO_CLASSIFY, CLASSIFY), Task(Target(ModelSpec("other"), "regress"), REGRESS)],
            {"tasks[1].model_spec: names another model or version, expected that of tasks[0]"},
        ),
        (
            [Task(TO_CLASSIFY, CLASSIFY), Task(Target(ModelSpec("half", 3), "regress"), REGRESS)],
            {"tasks[1].model_spec: names another model or version, expected that of tasks[0]"},
        ),
        (
            [Task(TO_REGRESS, REGRESS), Task(Target(HALF, "rank"), CLASSIFY)],
            {
                "tasks[1].model_spec.signature_name: is 'rank', which the model lacks in version 4, "
                "expected 'classify', 'regress', 'serving_default'"
            },
        ),
    ],
)
async def test_tasks_that_do_not_go_together_are_named_and_none_is_run(
    tasks: list[Task], violations: set[str]
) -> None:
    servables = FakeServables()
    with pytest.raises(InvalidRequest) as error:
        await infer(servables, tasks, TWO)
    assert {f"{found.field}: {found.description}" for found in error.value.violations} == violations
    assert (servables.runs, servables.leases) == ([], 0)


@pytest.mark.parametrize("examples", [[], [b"a"] * 3])
async def test_examples_have_to_fit_the_input(examples: list[bytes]) -> None:
    two_at_a_time = replace(REGRESSING, inputs={"inputs": TensorSpec("string", (2,))})
    servables = having(two_at_a_time)
    expected = "is string [3], expected string [2]" if examples else "is empty, expected at least one example"
    with pytest.raises(InvalidRequest) as error:
        await regress(servables, Target(HALF, "only"), examples)
    assert (str(error.value), servables.runs) == (f"input: {expected}", [])


async def test_a_signature_may_give_labels_or_scores_alone() -> None:
    labels, scores = texts(b"a", b"b").reshape(2, 1), np.array([[0.5], [1]], np.float32)
    for name, tensor, spec in [("classes", labels, STRINGS), ("scores", scores, FLOATS)]:
        servables = having(Signature(EXAMPLES, {name: spec}, CLASSIFY), {name: tensor})
        found = await classify(servables, Target(HALF, "only"), TWO)
        assert found.result.labels.tolist() == ([[b"a"], [b"b"]] if name == "classes" else [[b""], [b""]])
        assert found.result.scores.tolist() == ([[0.5], [1]] if name == "scores" else [[0], [0]])


async def test_a_signature_of_tensorflow_2_classifies_if_its_tensors_fit() -> None:
    signature = Signature({"examples": STRINGS}, {"scores": FLOATS, "more": FLOATS}, PREDICT)
    servables = having(
        signature, {"scores": np.array([[0.5, 0.25]], np.float32), "more": np.array([1], np.float32)}
    )
    found = await classify(servables, Target(HALF, "only"), [b"a"])
    assert found.result.scores.tolist() == [[0.5, 0.25]]
    assert [(set(tensors), outputs) for _, tensors, outputs in servables.runs] == [({"examples"}, ["scores"])]


WRONG_INPUT = "takes {}, expected one input, string [?]"


@pytest.mark.parametrize(
    ("signature", "kind", "message"),
    [
        (REGRESSING, InvalidRequest, f"is for '{REGRESS}', expected one for '{CLASSIFY}'"),
        (replace(CLASSIFYING, inputs={}), InvalidRequest, WRONG_INPUT.format("nothing")),
        (replace(CLASSIFYING, inputs={"x": FLOATS}), InvalidRequest, WRONG_INPUT.format("float32")),
        (
            replace(CLASSIFYING, inputs={"x": STRINGS, "y": FLOATS}),
            InvalidRequest,
            WRONG_INPUT.format("string, float32"),
        ),
        (
            replace(CLASSIFYING, inputs={"x": TensorSpec("string", (None, 1))}),
            InvalidRequest,
            WRONG_INPUT.format("string [?, 1]"),
        ),
        (
            replace(CLASSIFYING, outputs={"scores": TensorSpec("float64")}),
            InvalidRequest,
            "gives 'scores' as float64, expected float32",
        ),
        (
            replace(CLASSIFYING, outputs=dict.fromkeys(("scores", "a", "b"), FLOATS)),
            InvalidRequest,
            "gives 3 outputs, expected at most 2",
        ),
        (
            replace(CLASSIFYING, outputs={"score": FLOATS}),
            NoSignature,
            "the signature 'only' has the outputs 'score', expected one of 'classes', 'scores'",
        ),
    ],
)
async def test_a_signature_that_does_not_classify_is_not_run(
    signature: Signature, kind: type[PacelineError], message: str
) -> None:
    servables = having(signature)
    with pytest.raises(kind) as error:
        await classify(servables, Target(HALF, "only"), [b"a"])
    expected = message if kind is NoSignature else f"model_spec.signature_name: is 'only', which {message}"
    assert (str(error.value), servables.runs, servables.leases) == (expected, [], 0)


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ({"scores": np.zeros(2, dtype=np.float32)}, "'scores' [2], expected [2, classes] of each"),
        ({"scores": np.zeros((1, 3), dtype=np.float32)}, "'scores' [1, 3], expected [2, classes] of each"),
        (
            {"scores": np.zeros((2, 3), dtype=np.float32), "classes": np.full((2, 2), b"a", dtype=object)},
            "'classes' [2, 2], 'scores' [2, 3], expected [2, classes] of each",
        ),
    ],
)
async def test_classes_of_another_shape_are_the_model_s_failure(outputs: dict[str, Any], found: str) -> None:
    signature = Signature(EXAMPLES, {name: STRINGS if name == "classes" else FLOATS for name in outputs}, CLASSIFY)
    with pytest.raises(ModelFailed) as error:
        await classify(having(signature, outputs), Target(HALF, "only"), TWO)
    assert (str(error.value), error.value.code) == (f"the model gave {found}", 3)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
async def test_values_may_be_a_column(shape: tuple[int, ...]) -> None:
    servables = having(REGRESSING, {"outputs": np.array([0.5, 1], np.float32).reshape(shape)})
    assert (await regress(servables, Target(HALF, "only"), TWO)).result.values.tolist() == [0.5, 1]


@pytest.mark.parametrize("shape", [(1,), (), (2, 2), (1, 2)])
async def test_values_of_another_shape_are_the_model_s_failure(shape: tuple[int, ...]) -> None:
    servables = having(REGRESSING, {"outputs": np.zeros(shape, dtype=np.float32)})
    with pytest.raises(ModelFailed) as error:
        await regress(servables, Target(HALF, "only"), TWO)
    assert str(error.value) == f"the model gave 'outputs' {list(shape)}, expected [2] or [2, 1]"


async def test_a_model_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        await infer(FakeServables(), [Task(Target(ModelSpec("other"), "regress"), REGRESS)], TWO)


async def test_a_task_for_another_method_is_not_implemented() -> None:
    servables = FakeServables()
    with pytest.raises(ModelFailed, match=f"is '{PREDICT}', expected '{CLASSIFY}', '{REGRESS}'") as failed:
        await infer(servables, [Task(TO_CLASSIFY, PREDICT)], TWO)
    assert (failed.value.code, servables.leases) == (UNIMPLEMENTED, 0)
