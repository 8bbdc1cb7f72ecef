"""Asks PyTriton once, with Triton's own client, and keeps the request.

usage: ask.py <gRPC port> <file of rows, .npz> <folder for `request` and `answer.json`>
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.grpc._utils import _get_inference_request
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

READY_SECONDS = 150.0


def _input(name: str, column: Any) -> InferInput:
    values = column.astype(object) if column.dtype.kind == "S" else column
    values = values.reshape(len(values), -1)
    found = InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    found.set_data_from_numpy(values)
    return found


def _wait(client: InferenceServerClient) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            if client.is_model_ready("ranking"):
                return
        except InferenceServerException:
            if time.monotonic() > end:
                raise
        time.sleep(0.5)


def _request(inputs: list[InferInput]) -> bytes:
    """Returns what the client sends, by the function that it makes it with."""
    request = _get_inference_request(
        model_name="ranking",
        inputs=inputs,
        model_version="",
        request_id="",
        outputs=None,
        sequence_id=0,
        sequence_start=False,
        sequence_end=False,
        priority=0,
        timeout=None,
        parameters=None,
    )
    sent: bytes = request.SerializeToString()
    return sent


def main(port: int, rows: Path, folder: Path) -> None:
    """Asks for the scores of all rows."""
    with np.load(rows) as columns:
        inputs = [_input(name, columns[name]) for name in columns.files]
    client = InferenceServerClient(f"127.0.0.1:{port}")
    _wait(client)
    answer = client.infer("ranking", inputs, client_timeout=30)
    (folder / "request").write_bytes(_request(inputs))
    scores, size = answer.as_numpy("score").ravel().tolist(), answer.get_response().ByteSize()
    (folder / "answer.json").write_text(json.dumps({"scores": scores, "answer_bytes": size}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
