"""A graph that takes indices, cut into functions and compiled; `training.model.indexed` lists them."""

import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from contract.indexed import Indexed

Arrays = Mapping[str, NDArray[Any]]
T = TypeVar("T")

FLOAT32, BFLOAT16 = "f32", "bf16"
"""What a part computes in, where its graph does not say."""
_ENCODED = "encoded_"
_OPTIONS = {
    "INFERENCE_NUM_THREADS": 1,  # calls run beside each other, and a thread that waits for another gains nothing
    "PERFORMANCE_HINT": "LATENCY",
    "ENABLE_CPU_PINNING": False,  # the event loop and other servers share the cores
}


class Part:
    """A part of a graph, compiled. `inputs` are the names of what it takes.

    Args:
        part: The part, see `cut`.
        precision: What it is computed in.
    """

    def __init__(self, part: ov.Model, precision: str = FLOAT32) -> None:
        self.inputs = [parameter.output(0).get_any_name() for parameter in part.get_parameters()]
        options = _OPTIONS | {"INFERENCE_PRECISION_HINT": precision}
        self._compiled = ov.Core().compile_model(part, "CPU", options)

    def function(self) -> "Function":
        """Returns a function that computes it, one call at a time. All share the weights."""
        return Function(self._compiled.create_infer_request(), self.inputs)

    def fixed(self) -> "FixedFunction":
        """Returns the same for a part whose sizes are fixed, see `of_sizes`."""
        return FixedFunction(self._compiled.create_infer_request(), self.inputs)


class Function:
    """Computes a part of a graph; see `Part.function`."""

    def __init__(self, request: ov.InferRequest, names: Sequence[str]) -> None:
        self._request = request
        self._names = names

    def __call__(self, arrays: Arrays) -> Sequence[NDArray[Any]]:
        """Returns its outputs, which the next call overwrites. Inputs are not copied; others are ignored."""
        for place, name in enumerate(self._names):
            self._request.set_input_tensor(place, tensor_of(arrays[name]))
        outputs: Sequence[NDArray[Any]] = self._request.infer(share_outputs=True).to_tuple()
        return outputs


class FixedFunction:
    """Computes a part of a graph whose sizes are fixed, which spares OpenVINO up to two thirds of a short call.

    Write to `inputs` ``{name: array}``, call it, and read `outputs`: they stay where they are.
    """

    def __init__(self, request: ov.InferRequest, names: Sequence[str]) -> None:
        self._request = request
        self._places = {name: place for place, name in enumerate(names)}
        self.inputs = {name: request.get_input_tensor(place).data for name, place in self._places.items()}
        self.outputs = [tensor.data for tensor in request.output_tensors]

    def __call__(self) -> None:
        """Computes the outputs."""
        self._request.infer(share_outputs=True)

    def take(self, tensors: Mapping[str, ov.Tensor]) -> None:
        """Reads some inputs from other tensors from now on, which have to be kept."""
        for name, tensor in tensors.items():
            self._request.set_input_tensor(self._places[name], tensor)


class Pool(Generic[T]):
    """Things of which each call needs one for itself."""

    def __init__(self, things: Sequence[T]) -> None:
        self._free: queue.LifoQueue[T] = queue.LifoQueue()  # what was used last may still be in the caches
        for thing in things:
            self._free.put(thing)

    @contextmanager
    def one(self) -> Iterator[T]:
        """Yields one that no other call uses meanwhile, once there is one."""
        thing = self._free.get()
        try:
            yield thing
        finally:
            self._free.put(thing)


def read_graph(folder: Path) -> ov.Model:
    """Returns the graph of a SavedModel with one signature.

    Raises:
        RuntimeError: OpenVINO can't read it.
    """
    return ov.Core().read_model(folder)


def cut(graph: ov.Model, outputs: Sequence[str]) -> ov.Model:
    """Returns the part of a graph that computes some of its outputs, as a graph of its own."""
    ends = [graph.output(name).get_node().input(0).get_source_output() for name in outputs]
    return ov.Model(ends, list(_parameters_of(ends)), "part").clone()


def of_sizes(part: ov.Model, sizes: Mapping[str, Sequence[int]]) -> ov.Model:
    """Returns the part with the dimensions of its inputs that may vary fixed, by the first word of their names."""
    fixed = part.clone()
    shapes = {}
    for parameter in fixed.get_parameters():
        output = parameter.output(0)
        found = iter(sizes[output.get_any_name().split("_")[0]])
        shapes[output] = ov.PartialShape([next(found) if d.is_dynamic else d for d in output.get_partial_shape()])
    fixed.reshape(shapes)
    _make_empty_constant(fixed)
    return fixed


def code_of(graph: ov.Model, side: str) -> list[str]:
    """Returns the names of what a side, "member" or "class", is encoded as."""
    outputs = [name for output in graph.outputs for name in output.get_names()]
    return [name.removeprefix(_ENCODED) for name in outputs if name.startswith(f"{_ENCODED}{side}_")]


def encoding_of(graph: ov.Model, side: str) -> ov.Model:
    """Returns the part that encodes a side, with an output for each name of `code_of`."""
    return cut(graph, [f"{_ENCODED}{name}" for name in code_of(graph, side)])


def tensor_of(array: NDArray[Any]) -> ov.Tensor:
    """Returns a tensor in the memory of an array, which has to be in one piece and writable."""
    return ov.Tensor(array, shared_memory=True)


def named(side: str, indexed: Indexed) -> dict[str, NDArray[Any]]:
    """Returns one side of some rows by the names of a graph's inputs."""
    return {f"{side}_categories": indexed.categories, f"{side}_numbers": indexed.numbers}


def is_fast_in_bfloat16() -> bool:
    """Whether the processor has instructions for matrix products in bfloat16, such as AMX or AVX-512 BF16."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _make_empty_constant(part: ov.Model) -> None:
    """Makes constants of what has no elements, which OpenVINO 2026.4 does not always survive to compute."""
    for node in part.get_ordered_ops():
        for output in node.outputs():
            shape = output.get_partial_shape()
            if shape.is_static and 0 in shape.to_shape():
                nothing = ops.constant(np.empty(list(shape.to_shape())), output.get_element_type())
                for port in output.get_target_inputs():
                    port.replace_source_output(nothing.output(0))


def _parameters_of(ends: Sequence[Any]) -> Iterator[Any]:
    """Yields the inputs of a graph that its outputs depend on, each once."""
    seen: set[str] = set()
    nodes = [end.get_node() for end in ends]
    while nodes:
        node = nodes.pop()
        name = node.get_friendly_name()
        if name in seen:
            continue
        seen.add(name)
        if node.get_type_name() == "Parameter":
            yield node
        nodes.extend(source.get_source_output().get_node() for source in node.inputs())
