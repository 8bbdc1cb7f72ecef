"""A client of TensorFlow Serving's API: its own stubs over a channel."""

from typing import Any

import grpc

from server.rpc.tfserving.stubs import model_service_pb2_grpc, prediction_service_pb2_grpc
from tests.support.channels import Served


async def call(server: Served, method: str, request: Any, **options: Any) -> Any:
    """Calls a method of PredictionService or ModelService."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        models = model_service_pb2_grpc.ModelServiceStub(channel)
        stub = prediction if hasattr(prediction, method) else models
        return await getattr(stub, method)(request, **options)
