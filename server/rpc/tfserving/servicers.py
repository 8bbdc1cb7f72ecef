"""TensorFlow Serving's services: convert, call, convert."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from server.domain.errors import NotAllowed
from server.inference.examples import Examples, classify, infer, regress
from server.inference.metadata import metadata
from server.inference.ports import Servables
from server.inference.predict import predict
from server.rpc.ports import ModelAdmin, ModelStates
from server.rpc.tfserving import converters
from server.rpc.tfserving.model_configs import to_model_configs
from server.rpc.tfserving.model_status import model_status_response, records_of
from server.rpc.tfserving.stubs import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
    status_pb2,
)
from server.rpc.tfserving.tensors import count_texts, decode_tensors

PartT = TypeVar("PartT")

MANY_TEXTS = 2**14
"""So many take some milliseconds to read."""


class PredictionServicer:
    """Runs the signatures of models."""

    def __init__(self, servables: Servables) -> None:
        self._servables = servables

    async def Predict(  # noqa: N802 (the wire name)
        self, request: predict_pb2.PredictRequest, _context: object
    ) -> predict_pb2.PredictResponse:
        """Runs a signature on tensors."""
        target = converters.target(request.model_spec)
        inputs = await _read(count_texts(request.inputs), partial(decode_tensors, "inputs", request.inputs))
        prediction = await predict(self._servables, target, inputs, tuple(request.output_filter))
        return converters.predict_response(prediction)

    async def Classify(  # noqa: N802 (the wire name)
        self, request: classification_pb2.ClassificationRequest, _context: object
    ) -> classification_pb2.ClassificationResponse:
        """Returns the classes of each example."""
        target, examples = converters.target(request.model_spec), await _examples(request.input)
        return converters.classification_response(await classify(self._servables, target, examples))

    async def Regress(  # noqa: N802 (the wire name)
        self, request: regression_pb2.RegressionRequest, _context: object
    ) -> regression_pb2.RegressionResponse:
        """Returns the value of each example."""
        target, examples = converters.target(request.model_spec), await _examples(request.input)
        return converters.regression_response(await regress(self._servables, target, examples))

    async def MultiInference(  # noqa: N802 (the wire name)
        self, request: inference_pb2.MultiInferenceRequest, _context: object
    ) -> inference_pb2.MultiInferenceResponse:
        """Returns what several signatures say of the same examples."""
        tasks, examples = converters.tasks(request), await _examples(request.input)
        return converters.multi_inference_response(await infer(self._servables, tasks, examples))

    async def GetModelMetadata(  # noqa: N802 (the wire name)
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, _context: object
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Returns the signatures of a model, what it reads, or both."""
        model = converters.model_spec(request.model_spec)
        return converters.metadata_response(metadata(self._servables, model, request.metadata_field))


class ModelServicer:
    """Tells the states of versions."""

    def __init__(self, states: ModelStates) -> None:
        self._states = states

    async def GetModelStatus(  # noqa: N802 (the wire name)
        self, request: get_model_status_pb2.GetModelStatusRequest, _context: object
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Returns the states of the versions of a model."""
        return model_status_response(records_of(self._states, converters.model_spec(request.model_spec)))

    async def HandleReloadConfigRequest(  # noqa: N802 (the wire name)
        self, _request: model_management_pb2.ReloadConfigRequest, _context: object
    ) -> model_management_pb2.ReloadConfigResponse:
        """Is not for this address."""
        raise NotAllowed("HandleReloadConfigRequest is answered on the admin address only: ask there")


class AdminModelServicer(ModelServicer):
    """Tells the states of versions, and changes which models are served."""

    def __init__(self, states: ModelStates, admin: ModelAdmin) -> None:
        super().__init__(states)
        self._admin = admin

    async def HandleReloadConfigRequest(  # noqa: N802 (the wire name)
        self, request: model_management_pb2.ReloadConfigRequest, _context: object
    ) -> model_management_pb2.ReloadConfigResponse:
        """Serves the models of a config. A failure is the status of the call, which has no body then."""
        await self._admin.reload(to_model_configs(request.config, "config."))
        return model_management_pb2.ReloadConfigResponse(status=status_pb2.StatusProto())


async def _examples(message: input_pb2.Input) -> Examples:
    return await _read(converters.count_examples(message), partial(converters.examples, message))


async def _read(text_count: int, read: Callable[[], PartT]) -> PartT:
    """Returns what `read` makes of a request: in a thread if there is much of it, so that other calls go on."""
    return read() if text_count < MANY_TEXTS else await asyncio.to_thread(read)
