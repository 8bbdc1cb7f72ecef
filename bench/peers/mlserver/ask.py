"""Asks MLServer once, with its own messages, and keeps the request.

usage: ask.py <gRPC port> <file of rows, .npz> <folder for `request` and `answer.json`>
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from mlserver.codecs.numpy import to_datatype
from mlserver.grpc import dataplane_pb2 as pb
from mlserver.grpc.converters import ModelInferRequestConverter
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
from mlserver.types import InferenceRequest, RequestInput

READY_SECONDS = 150.0


def _input(name: str, column: Any) -> RequestInput:
    """Returns a column as an input. MLServer's codec has null for NaN, which its gRPC messages can't hold."""
    return RequestInput(
        name=name, shape=list(column.shape), datatype=to_datatype(column.dtype), data=column.ravel().tolist()
    )


def _wait(stub: GRPCInferenceServiceStub) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            if stub.ModelReady(pb.ModelReadyRequest(name="ranking"), timeout=5).ready:
                return
        except grpc.RpcError:
            if time.monotonic() > end:
                raise
        time.sleep(0.5)


def main(port: int, rows: Path, folder: Path) -> None:
    """Asks for the scores of all rows."""
    with np.load(rows) as columns:
        asked = InferenceRequest(inputs=[_input(name, columns[name]) for name in columns.files])
    request = ModelInferRequestConverter.from_types(asked, model_name="ranking", model_version=None)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = GRPCInferenceServiceStub(channel)
        _wait(stub)
        answer = stub.ModelInfer(request, timeout=30)
    (folder / "request").write_bytes(request.SerializeToString())
    found = {"scores": list(answer.outputs[0].contents.fp32_contents), "answer_bytes": answer.ByteSize()}
    (folder / "answer.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
