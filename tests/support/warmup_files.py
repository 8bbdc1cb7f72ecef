"""Warm-up files as TensorFlow's own tools write them. Importing this imports TensorFlow."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import Message
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    predict_pb2,
    prediction_log_pb2,
    regression_pb2,
)
from tensorflow_serving.apis.input_pb2 import ExampleList, ExampleListWithContext, Input
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from tests.support.examples import example


def write_warmup(version_dir: Path, records: Iterable[Message | bytes]) -> Path:
    """Writes the warm-up file of a version, and returns its path."""
    path = version_dir / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record if isinstance(record, bytes) else record.SerializeToString())
    return path


def predict(
    values: list[float], signature: str = "", name: str = "x", outputs: Iterable[str] = ()
) -> PredictionLog:
    """Returns the log of a Predict of one input."""
    request = predict_pb2.PredictRequest(model_spec=_spec(signature), output_filter=outputs)
    request.inputs[name].CopyFrom(tf.make_tensor_proto(np.array(values, dtype=np.float32)))
    return PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))


def classify(values: list[float], signature: str = "classify") -> PredictionLog:
    """Returns the log of a Classify of examples whose feature "x" has these values."""
    request = classification_pb2.ClassificationRequest(model_spec=_spec(signature), input=_examples(values))
    return PredictionLog(classify_log=prediction_log_pb2.ClassifyLog(request=request))


def regress(values: list[float], signature: str = "classify") -> PredictionLog:
    """Returns the log of a Regress of the same, whose examples have the feature "x" in common where all do."""
    context = tf.train.Example.FromString(example(x=values[0]))
    examples = [tf.train.Example() for _ in values]
    with_context = ExampleListWithContext(context=context, examples=examples)
    request = regression_pb2.RegressionRequest(
        model_spec=_spec(signature), input=Input(example_list_with_context=with_context)
    )
    return PredictionLog(regress_log=prediction_log_pb2.RegressLog(request=request))


def multi_inference(values: list[float], signatures: Iterable[str]) -> PredictionLog:
    """Returns the log of a MultiInference of several signatures."""
    tasks = [inference_pb2.InferenceTask(model_spec=_spec(signature)) for signature in signatures]
    request = inference_pb2.MultiInferenceRequest(tasks=tasks, input=_examples(values))
    return PredictionLog(multi_inference_log=prediction_log_pb2.MultiInferenceLog(request=request))


def session_run() -> PredictionLog:
    """Returns the log of what no server takes for warming up."""
    return PredictionLog(session_run_log=prediction_log_pb2.SessionRunLog())


def _spec(signature: str) -> ModelSpec:
    return ModelSpec(name="classes", signature_name=signature)


def _examples(values: list[float]) -> Input:
    examples = [tf.train.Example.FromString(example(x=value)) for value in values]
    return Input(example_list=ExampleList(examples=examples))
