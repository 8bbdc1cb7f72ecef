"""Warm-up requests as TensorFlow Serving reads them, from ``assets.extra/tf_serving_warmup_requests``.

The file is a TFRecord of `tensorflow.serving.PredictionLog`; see tensorflow.org/tfx/serving/saved_model_warmup.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.input_pb2 import Input
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from server.domain.signatures import DEFAULT_SIGNATURE
from server.inference.examples import Examples, in_context
from server.models.runner.inputs import InvalidTensors
from server.models.runner.model import Model

FILE = "assets.extra/tf_serving_warmup_requests"
MOST_RECORDS = 1000
"""TensorFlow Serving's limit."""


def warm_up(model: Model, saved_model_dir: Path) -> int:
    """Makes the requests of the file, if there is one, and returns how many there were.

    Raises:
        InvalidTensors: The file is damaged or too long, or a request of it fails. The message says which and why.
    """
    path = saved_model_dir / FILE
    records = _read(path) if path.exists() else []
    for number, record in enumerate(records, start=1):
        try:
            _make(model, PredictionLog.FromString(record))
        except (DecodeError, TypeError, ValueError, tf.errors.OpError) as error:
            raise InvalidTensors(f"{FILE}: request {number}: {error}") from error
    return len(records)


def _read(path: Path) -> list[bytes]:
    try:
        records = list(tf.data.TFRecordDataset(str(path)).take(MOST_RECORDS + 1).as_numpy_iterator())
    except tf.errors.OpError as error:
        raise InvalidTensors(f"{FILE} is damaged: {error}") from error
    if len(records) > MOST_RECORDS:
        raise InvalidTensors(f"{FILE} has more than {MOST_RECORDS} requests")
    return records


def _make(model: Model, log: PredictionLog) -> None:
    match log.WhichOneof("log_type"):
        case "predict_log":
            request = log.predict_log.request
            tensors = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
            model.run(_signature(request.model_spec), tensors, request.output_filter)
        case "classify_log" | "regress_log" as kind:
            request = getattr(log, kind).request
            _make_of_examples(model, _signature(request.model_spec), request.input)
        case "multi_inference_log":
            request = log.multi_inference_log.request
            for task in request.tasks:
                _make_of_examples(model, _signature(task.model_spec), request.input)
        case kind:
            raise InvalidTensors(f"is a {kind}, expected a log of Predict, Classify, Regress or MultiInference")


def _make_of_examples(model: Model, signature: str, given: Input) -> None:
    names = list(model.signature(signature).inputs)
    if len(names) != 1:
        raise InvalidTensors(f"signature {signature!r} has the inputs {names}, expected one for examples")
    (name,) = names
    model.run(signature, {name: np.array(_examples(given), dtype=object)})


def _examples(given: Input) -> Examples:
    listed = given.example_list_with_context
    own = [example.SerializeToString() for example in listed.examples or given.example_list.examples]
    return in_context(listed.context.SerializeToString(), own)


def _signature(spec: ModelSpec) -> str:
    name: str = spec.signature_name
    return name or DEFAULT_SIGNATURE
