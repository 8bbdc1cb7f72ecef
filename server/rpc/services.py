"""Which services a port has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from paceline.v1 import event_service_pb2 as events_pb
from paceline.v1 import model_admin_service_pb2 as admin_pb
from paceline.v1 import model_service_pb2 as models_pb
from paceline.v1 import recommendation_service_pb2 as pb
from paceline.v1.event_service_pb2_grpc import add_EventServiceServicer_to_server
from paceline.v1.model_admin_service_pb2_grpc import add_ModelAdminServiceServicer_to_server
from paceline.v1.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from paceline.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server
from server.inference.ports import Servables
from server.rpc.admin.servicers import AdminServicer, RefusingAdminServicer
from server.rpc.events import EventServicer, Record, RecordStream
from server.rpc.ports import ModelAdmin, ModelStates
from server.rpc.servicers import ModelServicer, Recommend, RecommendAll, RecommendationServicer, Score
from server.rpc.tfserving import servicers as tfserving
from server.rpc.tfserving import stubs

RECOMMENDATION: str = pb.DESCRIPTOR.services_by_name["RecommendationService"].full_name
MODEL: str = models_pb.DESCRIPTOR.services_by_name["ModelService"].full_name
EVENTS: str = events_pb.DESCRIPTOR.services_by_name["EventService"].full_name
ADMIN: str = admin_pb.DESCRIPTOR.services_by_name["ModelAdminService"].full_name
PREDICTION: str = stubs.prediction_service_pb2.DESCRIPTOR.services_by_name["PredictionService"].full_name
TF_MODEL: str = stubs.model_service_pb2.DESCRIPTOR.services_by_name["ModelService"].full_name

_add_prediction = stubs.prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server
_add_tf_model = stubs.model_service_pb2_grpc.add_ModelServiceServicer_to_server


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its full name, and what adds it to a `grpc.aio.Server` or `server.rpc.layers.LayeredServer`."""

    name: str
    add: Callable[[Any], None]


def recommendation_service(recommend: Recommend, recommend_all: RecommendAll, score: Score) -> Service:
    """Returns the service that ranks classes.

    Args:
        recommend: Answers RecommendClasses.
        recommend_all: Answers BatchRecommendClasses.
        score: Answers ScoreClasses.
    """
    servicer = RecommendationServicer(recommend, recommend_all, score)
    return Service(RECOMMENDATION, partial(add_RecommendationServiceServicer_to_server, servicer))


def event_service(record: Record, record_stream: RecordStream) -> Service:
    """Returns the service that records events.

    Args:
        record: Answers RecordEvents.
        record_stream: Answers StreamEvents.
    """
    servicer = EventServicer(record, record_stream)
    return Service(EVENTS, partial(add_EventServiceServicer_to_server, servicer))


def model_services(servables: Servables, states: ModelStates) -> Sequence[Service]:
    """Returns the services of models for everybody. What is for admins only says so.

    Args:
        servables: Answers TensorFlow Serving's calls.
        states: What both ModelServices tell.
    """
    return (
        Service(PREDICTION, partial(_add_prediction, tfserving.PredictionServicer(servables))),
        Service(MODEL, partial(add_ModelServiceServicer_to_server, ModelServicer(states))),
        Service(TF_MODEL, partial(_add_tf_model, tfserving.ModelServicer(states))),
        Service(ADMIN, partial(add_ModelAdminServiceServicer_to_server, RefusingAdminServicer())),
    )


def admin_services(states: ModelStates, admin: ModelAdmin) -> Sequence[Service]:
    """Returns the services of the port that is for admins.

    Args:
        states: What both ModelServices tell.
        admin: Answers ModelAdminService and HandleReloadConfigRequest.
    """
    return (
        Service(MODEL, partial(add_ModelServiceServicer_to_server, ModelServicer(states))),
        Service(TF_MODEL, partial(_add_tf_model, tfserving.AdminModelServicer(states, admin))),
        Service(ADMIN, partial(add_ModelAdminServiceServicer_to_server, AdminServicer(states, admin))),
    )
