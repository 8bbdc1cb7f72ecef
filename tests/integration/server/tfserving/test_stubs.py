"""The stubs of TensorFlow Serving come without TensorFlow, and leave room for it: each in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

STUBS = "from server.rpc.tfserving import stubs"

USE_TENSORFLOW = """
import tempfile
import tensorflow as tf

assert int(tf.constant(1) + 1) == 2
tf.compat.v1.ConfigProto().gpu_options.allow_growth = True
adder = tf.Module()
adder.add = tf.function(lambda x: x + 1, input_signature=[tf.TensorSpec([], tf.float32)])
with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(adder, folder)
    assert float(tf.saved_model.load(folder).add(1.0)) == 2
"""

USE_BOTH = """
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

request = stubs.predict_pb2.PredictRequest()
request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0, 2.0]))
log = PredictionLog()
log.predict_log.request.CopyFrom(request)
assert tf.make_ndarray(log.predict_log.request.inputs["x"]).tolist() == [1.0, 2.0]
assert isinstance(tf.make_tensor_proto(1), stubs.TensorProto)
"""


def run(*parts: str) -> str:
    """Runs a program and returns what it prints."""
    code = "\n".join(parts)
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_nothing_of_tensorflow_is_left_by_the_stubs() -> None:
    names = run(STUBS, "import sys; print(*sys.modules)").split()
    assert "tensorflow_serving.apis.predict_pb2" in names
    assert [name for name in names if name == "tensorflow" or name.startswith("tensorflow.")] == []


def test_the_stubs_take_less_than_a_tenth_of_tensorflow_s_memory() -> None:
    peak = "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    assert int(run(STUBS, peak)) < 69 * 1024


def test_tensorflow_works_after_the_stubs_and_looks_the_same() -> None:
    names = "import tensorflow as tf; print(*sorted(dir(tf)))"
    assert run(STUBS, USE_TENSORFLOW, USE_BOTH, names) == run(names)


def test_the_stubs_work_after_tensorflow() -> None:
    run(USE_TENSORFLOW, STUBS, USE_BOTH)
