"""A graph that takes indices, cut into functions and compiled; `training.model.indexed` lists them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any] | ov.Tensor]

_OPTIONS = {
    "INFERENCE_NUM_THREADS": 1,  # calls run beside each other, and a thread that waits for another gains nothing
    "PERFORMANCE_HINT": "LATENCY",
    "ENABLE_CPU_PINNING": False,  # the event loop and other servers share the cores
}


class Part:
    """A part of a graph, compiled. `inputs` are the names of what it takes.

    Args:
        graph: The graph.
        outputs: The names of what it computes.
        in_bfloat16: The inputs that are given in bfloat16. If there are any, so is what can be computed so.
    """

    def __init__(self, graph: ov.Model, outputs: Sequence[str], in_bfloat16: Collection[str] = ()) -> None:
        ends = [graph.output(name).get_node().input(0).get_source_output() for name in outputs]
        inputs = list(_parameters_of(ends))
        self.inputs = [parameter.output(0).get_any_name() for parameter in inputs]
        self._output_count = len(outputs)
        part = _converted(ov.Model(ends, inputs, "part"), in_bfloat16)
        precision = {"INFERENCE_PRECISION_HINT": "bf16" if in_bfloat16 else "f32"}
        self._compiled = ov.Core().compile_model(part, "CPU", _OPTIONS | precision)

    def function(self) -> "Function":
        """Returns a function that computes it, one call at a time. All share the weights."""
        return Function(self._compiled.create_infer_request(), self.inputs, self._output_count)


class Function:
    """Computes a part of a graph; see `Part.function`."""

    def __init__(self, request: ov.InferRequest, names: Sequence[str], output_count: int) -> None:
        self._request = request
        self._names = names
        self._output_count = output_count

    def __call__(self, arrays: Arrays) -> list[NDArray[Any]]:
        """Returns its outputs, which the next call overwrites. Inputs are not copied; others are ignored."""
        inputs = {place: arrays[name] for place, name in enumerate(self._names)}
        found = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        return [found[place] for place in range(self._output_count)]


def read_graph(folder: Path) -> ov.Model:
    """Returns the graph of a SavedModel with one signature.

    Raises:
        RuntimeError: OpenVINO can't read it.
    """
    return ov.Core().read_model(folder)


def is_fast_in_bfloat16() -> bool:
    """Whether the processor has instructions for matrix products in bfloat16, as AMX has."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def to_bfloat16(array: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Returns the bits of an array in bfloat16, rounded to the nearest, to even where two are as near."""
    bits = array.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def bfloat16_tensor(bits: NDArray[np.uint16]) -> ov.Tensor:
    """Returns a tensor of bfloat16 in the memory of the bits."""
    return ov.Tensor(bits, list(bits.shape), ov.Type.bf16)


def _converted(part: ov.Model, in_bfloat16: Collection[str]) -> ov.Model:
    if not in_bfloat16:
        return part
    steps = ov.preprocess.PrePostProcessor(part)
    for name in in_bfloat16:
        steps.input(name).tensor().set_element_type(ov.Type.bf16)
    return steps.build()


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
