"""The services: check, convert, call, convert."""

from typing import Any, NoReturn

import grpc

from contract.labels import Note
from paceline.v1 import model_admin_service_pb2 as pb
from paceline.v1.model_admin_service_pb2_grpc import ModelAdminServiceServicer
from server.domain.errors import NotAllowed
from server.rpc.admin.checks import check
from server.rpc.admin.converters import from_change, from_event, to_label, to_note
from server.rpc.ports import ModelAdmin, ModelStates
from server.rpc.tfserving.model_configs import format_model_configs, parse_model_configs

Context = grpc.aio.ServicerContext[Any, Any]


class AdminServicer(ModelAdminServiceServicer):
    """Moves labels and changes which models are served."""

    def __init__(self, states: ModelStates, admin: ModelAdmin) -> None:
        self._states = states
        self._admin = admin

    async def PromoteVersion(  # noqa: N802 (the wire name)
        self, request: pb.PromoteVersionRequest, context: Context
    ) -> pb.PromoteVersionResponse:
        """Pins a label to a version."""
        check(request)
        event = await self._admin.promote(
            request.model_name,
            request.version,
            to_label(request.label),
            _note(request.note, context),
            allow_unloaded=request.allow_unloaded,
        )
        return pb.PromoteVersionResponse(event=from_event(event))

    async def RollBackLabel(  # noqa: N802 (the wire name)
        self, request: pb.RollBackLabelRequest, context: Context
    ) -> pb.RollBackLabelResponse:
        """Pins a label to the version that it was on before, and rejects the one that it leaves."""
        check(request)
        note = _note(request.note, context)
        event = await self._admin.roll_back(request.model_name, to_label(request.label), note)
        return pb.RollBackLabelResponse(event=from_event(event))

    async def PinLabel(  # noqa: N802 (the wire name)
        self, request: pb.PinLabelRequest, context: Context
    ) -> pb.PinLabelResponse:
        """Pins a label to the version that it is on."""
        check(request)
        note = _note(request.note, context)
        event = await self._admin.pin(request.model_name, to_label(request.label), note)
        return pb.PinLabelResponse(event=from_event(event))

    async def UnpinLabel(  # noqa: N802 (the wire name)
        self, request: pb.UnpinLabelRequest, context: Context
    ) -> pb.UnpinLabelResponse:
        """Has a label follow the newest version."""
        check(request)
        note = _note(request.note, context)
        event = await self._admin.unpin(request.model_name, to_label(request.label), note)
        return pb.UnpinLabelResponse(event=from_event(event))

    async def SplitTraffic(  # noqa: N802 (the wire name)
        self, request: pb.SplitTrafficRequest, context: Context
    ) -> pb.SplitTrafficResponse:
        """Splits the members between labels."""
        check(request)
        note = _note(request.note, context)
        event = await self._admin.split(request.model_name, dict(request.weights), note)
        return pb.SplitTrafficResponse(event=from_event(event))

    async def ShadowLabel(  # noqa: N802 (the wire name)
        self, request: pb.ShadowLabelRequest, context: Context
    ) -> pb.ShadowLabelResponse:
        """Has a label score a share of the requests besides."""
        check(request)
        note = _note(request.note, context)
        event = await self._admin.shadow(request.model_name, request.label, request.share, note)
        return pb.ShadowLabelResponse(event=from_event(event))

    async def ListLabelEvents(  # noqa: N802 (the wire name)
        self, request: pb.ListLabelEventsRequest, _context: Context
    ) -> pb.ListLabelEventsResponse:
        """Returns what was done to the labels of a model, oldest first."""
        check(request)
        events = await self._admin.history(request.model_name)
        return pb.ListLabelEventsResponse(events=[from_event(event) for event in events])

    async def GetModelConfig(  # noqa: N802 (the wire name)
        self, _request: pb.GetModelConfigRequest, _context: Context
    ) -> pb.GetModelConfigResponse:
        """Returns which models are served."""
        return pb.GetModelConfigResponse(config_text=format_model_configs(self._states.configs))

    async def ReloadModelConfig(  # noqa: N802 (the wire name)
        self, request: pb.ReloadModelConfigRequest, _context: Context
    ) -> pb.ReloadModelConfigResponse:
        """Changes which models are served, or only tells what a change would do."""
        check(request)
        configs = parse_model_configs(request.config_text, "config_text")
        changes = await self._admin.reload(configs, validate_only=request.validate_only)
        return pb.ReloadModelConfigResponse(changes=[from_change(change) for change in changes])


class RefusingAdminServicer(ModelAdminServiceServicer):
    """Stands for the service where it is not answered, and says where it is."""

    async def _refuse(self, *_request: object, **_named: object) -> NoReturn:
        raise NotAllowed("ModelAdminService is answered on the admin address only: ask there")

    PromoteVersion = RollBackLabel = PinLabel = UnpinLabel = _refuse
    SplitTraffic = ShadowLabel = ListLabelEvents = _refuse
    GetModelConfig = ReloadModelConfig = _refuse


def _note(message: pb.Note, context: Context) -> Note:
    return to_note(message, tuple(context.auth_context().get("x509_common_name", ())))
