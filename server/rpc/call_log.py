"""What the log says of a call besides how it ended."""

from typing import Any

from paceline.v1 import recommendation_service_pb2 as pb
from server.rpc.tfserving.stubs import predict_pb2


def answered_by(request: Any, response: Any) -> str:
    """Returns the version and the arm that a response is from, empty if it says none.

    The arm of a Predict is the label that it asks for.
    """
    match response:
        case pb.RecommendClassesResponse() | pb.ScoreClassesResponse():
            return _answered(response.model_version.name, response.model_version.version, response.arm)
        case predict_pb2.PredictResponse():
            spec = response.model_spec
            return _answered(spec.name, spec.version.value, request.model_spec.version_label)
    return ""


def _answered(model: str, version: int, arm: str) -> str:
    return f" model={model} version={version} arm={arm}"
