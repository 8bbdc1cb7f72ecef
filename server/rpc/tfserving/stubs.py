"""The stubs of TensorFlow Serving's API, without TensorFlow. The one place that imports them.

They import protos from `tensorflow.core`, and so all of TensorFlow with them: 9 s and 690 MiB. While the stubs are
imported, an empty module stands in for it that knows only its folder, where Python then finds the protos: 0.15 s
and 34 MiB. It and what was imported below it are taken away again, so that whoever needs the real TensorFlow in
this process can import it; protobuf gives both the same message classes.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_NAME = "tensorflow"


@contextmanager
def _stand_in() -> Iterator[None]:
    """Has an empty module stand in for TensorFlow, unless that is here already."""
    spec = None if _NAME in sys.modules else importlib.util.find_spec(_NAME)
    if spec is None:
        yield
        return
    empty = ModuleType(_NAME)
    empty.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[_NAME] = empty
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name == _NAME or name.startswith(f"{_NAME}.")]:
            del sys.modules[name]


with _stand_in():
    from tensorflow.core.framework.tensor_pb2 import TensorProto
    from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
    from tensorflow.core.framework.types_pb2 import DataType
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
    from tensorflow_serving.apis import (
        classification_pb2,
        get_model_metadata_pb2,
        get_model_status_pb2,
        inference_pb2,
        input_pb2,
        model_management_pb2,
        model_pb2,
        model_service_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2,
        prediction_service_pb2_grpc,
        regression_pb2,
        status_pb2,
    )
    from tensorflow_serving.config import model_server_config_pb2

__all__ = [
    "DataType",
    "SignatureDef",
    "TensorProto",
    "TensorShapeProto",
    "classification_pb2",
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "inference_pb2",
    "input_pb2",
    "model_management_pb2",
    "model_pb2",
    "model_server_config_pb2",
    "model_service_pb2",
    "model_service_pb2_grpc",
    "predict_pb2",
    "prediction_service_pb2",
    "prediction_service_pb2_grpc",
    "regression_pb2",
    "status_pb2",
]
