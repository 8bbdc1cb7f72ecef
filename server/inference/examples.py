"""Runs signatures that read serialised `tf.Example`s: Classify, Regress and MultiInference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from server.domain.errors import FieldViolation, InvalidRequest, ModelFailed
from server.domain.models import ModelSpec
from server.inference.checks import listed, misfit
from server.inference.methods import CLASSIFIER, METHODS, REGRESSOR, Classes, Method, ResultT, Values
from server.inference.ports import Servable, Servables
from server.inference.types import Origin, Target

UNIMPLEMENTED = 12
"""What TensorFlow Serving answers to a task for another method; of `google.rpc.Code`."""

Examples = Sequence[bytes]
"""Serialised."""


@dataclass(frozen=True, slots=True)
class Inferred(Generic[ResultT]):
    """What a signature gave for some examples."""

    result: ResultT
    origin: Origin


@dataclass(frozen=True, slots=True)
class Task:
    """One signature to run, and the method that it is for: `CLASSIFY` or `REGRESS`."""

    target: Target
    method: str


def in_context(context: bytes, examples: Examples) -> Examples:
    """Returns each example with the features of a context in front; all are serialised.

    A parser that meets a feature twice takes the later one, so that an example's own go before the context's.
    """
    return [context + example for example in examples]


async def classify(servables: Servables, target: Target, examples: Examples) -> Inferred[Classes]:
    """Returns the classes of each example; see `infer` for what it raises."""
    with servables.lease(target.model) as servable:
        return await _Run(CLASSIFIER, servable, target).on(examples)


async def regress(servables: Servables, target: Target, examples: Examples) -> Inferred[Values]:
    """Returns the value of each example; see `infer` for what it raises."""
    with servables.lease(target.model) as servable:
        return await _Run(REGRESSOR, servable, target).on(examples)


async def infer(
    servables: Servables, tasks: Sequence[Task], examples: Examples
) -> Sequence[Inferred[Classes] | Inferred[Values]]:
    """Runs several signatures of one version on the same examples.

    TensorFlow Serving wants them to share one input tensor, which those of TensorFlow 2 never do; here they need
    not.

    Raises:
        NotFound: There is no such model, or its version is not loaded.
        InvalidRequest: There is no example, a signature is missing or not for its method, two tasks name one
            signature or different models, or the model has no such label.
        NoSignature: A signature has none of its method's outputs.
        ModelFailed: A task is for another method, TensorFlow can't run it, or the outputs have other shapes than
            the method's.
        Unavailable: The version's process is being replaced, or ended.
    """
    violations = list(_task_violations(tasks))
    if violations:
        raise InvalidRequest(violations)
    _check_methods(tasks)
    with servables.lease(tasks[0].target.model) as servable:
        runs = [
            _Run(METHODS[task.method], servable, task.target, f"tasks[{place}].")
            for place, task in enumerate(tasks)
        ]
        return [await run.on(examples) for run in runs]


class _Run(Generic[ResultT]):
    """One method of one signature, checked when it is made."""

    def __init__(self, method: Method[ResultT], servable: Servable, target: Target, prefix: str = "") -> None:
        field = f"{prefix}model_spec.signature_name"
        name, signature = target.signature, servable.signatures.get(target.signature)
        if signature is None:
            found = f"is {name!r}, which the model lacks in version {servable.version}"
            raise InvalidRequest([FieldViolation(field, f"{found}, expected {listed(servable.signatures)}")])
        self._outputs = method.outputs_of(name, signature, field)
        ((self._input, self._spec),) = signature.inputs.items()
        self._method, self._servable = method, servable
        self._origin = Origin(target.model.name, servable.version, name)

    async def on(self, examples: Examples) -> Inferred[ResultT]:
        tensor = np.array(examples, dtype=np.object_)
        difference = misfit(self._spec, tensor) if examples else "is empty, expected at least one example"
        if difference:
            raise InvalidRequest([FieldViolation("input", difference)])
        found = await self._servable.run(self._origin.signature, {self._input: tensor}, self._outputs)
        return Inferred(self._method.read(found, len(examples)), self._origin)


def _check_methods(tasks: Sequence[Task]) -> None:
    for place, task in enumerate(tasks):
        if task.method not in METHODS:
            found = f"tasks[{place}].method_name is {task.method!r}, expected {listed(METHODS)}"
            raise ModelFailed(found, UNIMPLEMENTED)


def _task_violations(tasks: Sequence[Task]) -> Iterator[FieldViolation]:
    if not tasks:
        yield FieldViolation("tasks", "is empty, expected at least one")
    seen: set[str] = set()
    for place, task in enumerate(tasks):
        field, target, first = f"tasks[{place}]", task.target, tasks[0].target.model
        if target.model not in (first, ModelSpec(first.name)):
            message = "names another model or version, expected that of tasks[0]"
            yield FieldViolation(f"{field}.model_spec", message)
        if target.signature in seen:
            message = f"is {target.signature!r} once more, expected each signature once"
            yield FieldViolation(f"{field}.model_spec.signature_name", message)
        seen.add(target.signature)
