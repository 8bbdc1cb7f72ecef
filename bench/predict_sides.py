"""What answers Predict: a Paceline server, or a peer in a process of its own environment.

Each side is asked by its own client, in the way that client asks by default: Paceline by TensorFlow Serving's API,
the peers by the Open Inference Protocol. What was sent is kept, to be sent again by the load generator.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from bench.errors import BenchError
from bench.processes import Served, free_port, running
from bench.rounds import Target

MODEL = "ranking"
PREDICT = "/tensorflow.serving.PredictionService/Predict"
INFER = "/inference.GRPCInferenceService/ModelInfer"
_FOLDER = Path(__file__).parent / "peers"
_ASK_SECONDS = 180.0
"""Within which a peer has to be ready and answer."""


@dataclass(frozen=True, slots=True)
class Peer:
    """What is measured beside ours."""

    folder: str
    """Of its scripts and its environment."""
    flags: Sequence[object] = ()
    """What its `serve.py` takes in addition."""


PEERS = {
    "mlserver": Peer("mlserver", (0.1,)),
    "mlserver-unbatched": Peer("mlserver", (0,)),
    "pytriton": Peer("pytriton"),
}
"""MLServer's batches wait until they are full or the time is over, here 100 ms: with 32 in flight, 10 ms gave less
than half of the requests/s, 500 ms no more. A lone request pays all of it: thus also without batches."""

Columns = Mapping[str, NDArray[Any]]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and the score of each row that came back."""

    target: Target
    scores: Scores


class Side(Protocol):
    """A server that runs."""

    def ask(self, columns: Columns) -> Asked:
        """Asks for the scores of rows, each column ``[rows, ...]``."""
        ...


@dataclass(frozen=True, slots=True)
class PacelineSide:
    """A server of ours."""

    server: Served

    def ask(self, columns: Columns) -> Asked:
        """Asks for the scores of rows."""
        request = PredictRequest()
        request.model_spec.name = MODEL
        for name, column in columns.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(column))
        with grpc.insecure_channel(self.server.address) as channel:
            answer = PredictionServiceStub(channel).Predict(request, timeout=_ASK_SECONDS)
        target = Target(self.server.port, request.SerializeToString(), PREDICT, answer.ByteSize())
        return Asked(target, tf.make_ndarray(answer.outputs["score"]).ravel())


@dataclass(frozen=True, slots=True)
class PeerSide:
    """A peer, which is asked by `ask.py` in its folder."""

    name: str
    port: int
    scratch: Path

    def ask(self, columns: Columns) -> Asked:
        """Asks for the scores of rows.

        Raises:
            BenchError: The peer failed.
        """
        rows = self.scratch / "rows.npz"
        storable: dict[str, Any] = {name: _storable(column) for name, column in columns.items()}
        np.savez(rows, **storable)
        folder = _folder(self.name)
        command = [_python(folder), folder / "ask.py", self.port, rows, self.scratch]
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if run.returncode:
            raise BenchError(f"{self.name} failed: {run.stderr.strip().splitlines()[-1:]}; see {self.scratch}")
        found = json.loads((self.scratch / "answer.json").read_text(encoding="utf-8"))
        request = (self.scratch / "request").read_bytes()
        target = Target(self.port, request, INFER, found["answer_bytes"])
        return Asked(target, np.array(found["scores"], np.float32))


def check_installed(name: str) -> None:
    """Looks at whether the environment of a peer is there.

    Raises:
        BenchError: It was not made.
    """
    folder = _folder(name)
    if not (folder / ".venv" / ".ready").exists():
        raise BenchError(f"{name} is not installed: run {folder}/setup.sh, or name the others with --peer")


def environment(name: str) -> dict[str, str]:
    """Returns the pinned versions of what the environment of a peer is made for, and of gRPC and NumPy in it."""
    wanted = {*_pinned(_folder(name) / "requirements.in"), "grpcio", "numpy"}
    pinned = _pinned(_folder(name) / "requirements.lock")
    return {package: pinned[package] for package in sorted(wanted & pinned.keys())}


@contextmanager
def running_peer(name: str, version_dir: Path, scratch: Path) -> Iterator[PeerSide]:
    """Runs a peer while the block is entered, and yields it; it may not be ready yet."""
    scratch.mkdir()
    folder = _folder(name)
    ports = [free_port() for _ in range(3)]  # for gRPC, HTTP and metrics
    command = [_python(folder), folder / "serve.py", version_dir, *ports, *PEERS[name].flags]
    with running(command, log=scratch / "log"):
        yield PeerSide(name, ports[0], scratch)


def _folder(name: str) -> Path:
    return _FOLDER / PEERS[name].folder


def _python(folder: Path) -> Path:
    return folder / ".venv" / "bin" / "python"


def _pinned(requirements: Path) -> dict[str, str]:
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return dict(line.split()[0].split("==") for line in lines if "==" in line and line[0] not in "# ")


def _storable(column: NDArray[Any]) -> NDArray[Any]:
    """Returns texts as bytes of a fixed width, which a file holds without pickling."""
    return np.char.encode(column.astype(str), "utf-8") if column.dtype.hasobject else column
