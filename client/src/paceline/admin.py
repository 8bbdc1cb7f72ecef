"""The client for those who move labels, and change which models are served."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Required, Self, TypedDict, TypeVar, Unpack

import grpc

from paceline.channels import TlsOptions, open_channel
from paceline.errors import rpc_errors
from paceline.v1 import model_admin_service_pb2 as pb
from paceline.v1.model_admin_service_pb2_grpc import ModelAdminServiceStub

STABLE = "stable"
"""The label of requests that name none."""

Answer = TypeVar("Answer")


class Note(TypedDict, total=False):
    """Who does something, and why: kept in the history of the model."""

    actor: Required[str]
    """Who; at most 256 bytes."""
    reason: str
    """Why; at most 1,024 bytes."""


class AdminClient:
    """Moves the labels of models, at a server's admin address. Serves any number of threads; close it when done.

    Unlike the calls of `PacelineClient`, none is tried again by itself: a label that is rolled back twice is on
    another version than one that is rolled back once. After an `Unavailable` or a `DeadlineExceeded` the history
    tells whether a label has moved.

    A call ends within its `timeout` in seconds, the client's when None. What changes something takes a `Note`. A
    call that fails raises a `PacelineError`: `NotFound` for a model that is not served, `PermissionDenied` at an
    address that is not for admins, and what its docstring adds. An argument that can't be put into a request is a
    ValueError.

    Args:
        target: The server's admin address: "host:port", or any of gRPC's target names.
        tls: How to use TLS; None for plain connections.
        timeout: The seconds within which a call ends, unless the call says otherwise.
        connect: Opens the channel; give another to add interceptors.
    """

    def __init__(
        self,
        target: str,
        *,
        tls: TlsOptions | None = None,
        timeout: float = 10.0,
        connect: Callable[[str, TlsOptions | None], grpc.Channel] = open_channel,
    ) -> None:
        self._channel = connect(target, tls)
        self._admin = ModelAdminServiceStub(self._channel)
        self._timeout = timeout

    def promote_version(
        self,
        model_name: str,
        version: int,
        label: str = STABLE,
        *,
        allow_unloaded: bool = False,
        timeout: float | None = None,
        **note: Unpack[Note],
    ) -> pb.PromoteVersionResponse:
        """Pins a label, which need not exist yet, to a version.

        With `allow_unloaded` the version need not be loaded: the label moves once it is.

        Raises:
            NotFound: The version is not published.
            FailedPrecondition: It is not loaded, the model config sets the label, or the history can't be written.
        """
        request = pb.PromoteVersionRequest(
            model_name=model_name,
            version=version,
            label=label,
            note=pb.Note(**note),
            allow_unloaded=allow_unloaded,
        )
        return self._call(lambda left: self._admin.PromoteVersion(request, timeout=left), timeout)

    def roll_back_label(
        self, model_name: str, label: str = STABLE, *, timeout: float | None = None, **note: Unpack[Note]
    ) -> pb.RollBackLabelResponse:
        """Pins a label to the version that it was on before. No label follows the one that it leaves any more.

        Raises:
            FailedPrecondition: There is none, the model config sets the label, or the history can't be written.
        """
        request = pb.RollBackLabelRequest(model_name=model_name, label=label, note=pb.Note(**note))
        return self._call(lambda left: self._admin.RollBackLabel(request, timeout=left), timeout)

    def pin_label(
        self, model_name: str, label: str = STABLE, *, timeout: float | None = None, **note: Unpack[Note]
    ) -> pb.PinLabelResponse:
        """Pins a label to the version that it is on, so that newer ones don't move it.

        Raises:
            FailedPrecondition: It is on none, the model config sets it, or the history can't be written.
        """
        request = pb.PinLabelRequest(model_name=model_name, label=label, note=pb.Note(**note))
        return self._call(lambda left: self._admin.PinLabel(request, timeout=left), timeout)

    def unpin_label(
        self, model_name: str, label: str = STABLE, *, timeout: float | None = None, **note: Unpack[Note]
    ) -> pb.UnpinLabelResponse:
        """Has a label follow the newest version again.

        Raises:
            FailedPrecondition: The model config sets the label, or the history can't be written.
        """
        request = pb.UnpinLabelRequest(model_name=model_name, label=label, note=pb.Note(**note))
        return self._call(lambda left: self._admin.UnpinLabel(request, timeout=left), timeout)

    def split_traffic(
        self,
        model_name: str,
        weights: Mapping[str, int],
        *,
        timeout: float | None = None,
        **note: Unpack[Note],
    ) -> pb.SplitTrafficResponse:
        """Splits the members between labels by weights, 0 to 10,000; without any, `STABLE` gets every member.

        Raises:
            InvalidRequest: There is no such label, or a weight is out of range, or all are 0.
            FailedPrecondition: The history can't be written.
        """
        request = pb.SplitTrafficRequest(model_name=model_name, weights=weights, note=pb.Note(**note))
        return self._call(lambda left: self._admin.SplitTraffic(request, timeout=left), timeout)

    def shadow_label(
        self, model_name: str, label: str, share: float, *, timeout: float | None = None, **note: Unpack[Note]
    ) -> pb.ShadowLabelResponse:
        """Has a label score a share of the requests, 0 to 1, besides the label that answers them; 0 ends it.

        Raises:
            InvalidRequest: There is no such label, or the share is out of range.
            FailedPrecondition: The history can't be written.
        """
        request = pb.ShadowLabelRequest(model_name=model_name, label=label, share=share, note=pb.Note(**note))
        return self._call(lambda left: self._admin.ShadowLabel(request, timeout=left), timeout)

    def list_label_events(self, model_name: str, *, timeout: float | None = None) -> pb.ListLabelEventsResponse:
        """Returns what was done to the labels of a model, oldest first."""
        request = pb.ListLabelEventsRequest(model_name=model_name)
        return self._call(lambda left: self._admin.ListLabelEvents(request, timeout=left), timeout)

    def get_model_config(self, *, timeout: float | None = None) -> pb.GetModelConfigResponse:
        """Returns which models are served."""
        return self._call(
            lambda left: self._admin.GetModelConfig(pb.GetModelConfigRequest(), timeout=left), timeout
        )

    def reload_model_config(
        self, config_text: str, *, validate_only: bool = False, timeout: float = 600.0
    ) -> pb.ReloadModelConfigResponse:
        """Serves the models of a text and no others, all of them or none; returns once the new ones are loaded.

        The server goes on with it when the timeout has passed: loading a model can take minutes.

        Args:
            config_text: The models: TensorFlow Serving's ModelServerConfig, in protobuf's text format.
            validate_only: Only tell what would change.
            timeout: The seconds within which the call ends.

        Raises:
            InvalidRequest: The text does not parse, or asks for what can't be.
            FailedPrecondition: A new model can't be loaded, a label is to be on a version that is not loaded, or
                the model that ranks is new, which takes a server that starts with it.
        """
        request = pb.ReloadModelConfigRequest(config_text=config_text, validate_only=validate_only)
        return self._call(lambda left: self._admin.ReloadModelConfig(request, timeout=left), timeout)

    def close(self) -> None:
        """Closes the channel; calls still under way are cancelled."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, call: Callable[[float], Answer], timeout: float | None) -> Answer:
        with rpc_errors():
            return call(self._timeout if timeout is None else timeout)
