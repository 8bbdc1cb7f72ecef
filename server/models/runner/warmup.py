"""Warm-up requests as TensorFlow Serving reads them, from ``assets.extra/tf_serving_warmup_requests``.

The file is a TFRecord of `tensorflow.serving.PredictionLog`; see tensorflow.org/tfx/serving/saved_model_warmup.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.input_pb2 import Input
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from server.domain.signatures import DEFAULT_SIGNATURE
from server.models.runner.model import InvalidTensors, Model

FILE = "assets.extra/tf_serving_warmup_requests"
MOST_RECORDS = 1000
"""TensorFlow Serving's limit."""


def warm_up(model: Model, saved_model_dir: Path) -> int:
    """Makes the requests of the file, if there is one, and returns how many there were.

    Raises:
        InvalidTensors: A record does not parse, there are too many, or a request does not fit the model.
        tf.errors.OpError: The file is damaged, or TensorFlow could not run a request.
    """
    path = saved_model_dir / FILE
    if not path.exists():
        return 0
    count = 0
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        count += 1
        if count > MOST_RECORDS:
            raise InvalidTensors(f"{FILE} has more than {MOST_RECORDS} records")
        _make(model, _parse(record))
    return count


def _parse(record: bytes) -> PredictionLog:
    try:
        return PredictionLog.FromString(record)
    except Exception as error:  # protobuf's implementations differ in what they raise
        raise InvalidTensors(f"{FILE} has a record that is no PredictionLog") from error


def _make(model: Model, log: PredictionLog) -> None:
    match log.WhichOneof("log_type"):
        case "predict_log":
            request = log.predict_log.request
            tensors = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
            model.run(_signature(request.model_spec), tensors, request.output_filter)
        case "classify_log" | "regress_log" | "multi_inference_log" as kind:
            request = getattr(log, kind).request
            tasks = request.tasks if kind == "multi_inference_log" else [request]
            for task in tasks:
                _make_of_examples(model, _signature(task.model_spec), request.input)
        case kind:
            raise InvalidTensors(
                f"{FILE} has a {kind}, expected a log of Predict, Classify, Regress or MultiInference"
            )


def _make_of_examples(model: Model, signature: str, given: Input) -> None:
    (name,) = model.signatures[signature].inputs
    model.run(signature, {name: np.array(list(_examples(given)), dtype=object)})


def _examples(given: Input) -> Iterator[bytes]:
    if given.WhichOneof("kind") == "example_list_with_context":
        context = given.example_list_with_context.context.SerializeToString()
        for example in given.example_list_with_context.examples:
            yield context + example.SerializeToString()  # read one after the other, the latter adds to the former
    else:
        for example in given.example_list.examples:
            yield example.SerializeToString()


def _signature(spec: ModelSpec) -> str:
    name: str = spec.signature_name
    return name or DEFAULT_SIGNATURE
