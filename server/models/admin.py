"""Moving labels, by events in a model's history. Implements `server.rpc.ports.ModelAdmin`."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import (
    FieldViolation,
    InvalidRequest,
    LabelConfigured,
    NotFound,
    NothingBefore,
    NotLoaded,
)
from server.domain.models import ModelChange, ModelConfig
from server.domain.versions import VersionState
from server.models.manager import ModelManager
from server.models.positions import version_before
from server.models.reload import Reloader
from server.models.served import ServedModels


class Admin:
    """See `server.rpc.ports.ModelAdmin`.

    Args:
        models: The models of the server.
        clock: The time in seconds since the epoch.
    """

    def __init__(self, models: ServedModels, clock: Callable[[], float] = time.time) -> None:
        self._models = models
        self._clock = clock
        self._reloader = Reloader(models)

    async def promote(
        self, model_name: str, version: int, label: str, note: Note, *, allow_unloaded: bool = False
    ) -> LabelEvent:
        """Pins a label to a version; see the port."""
        manager = self._free(model_name, label)
        record = manager.book.find(version)
        if record is None or (record.state is VersionState.END and version not in manager.book.published):
            published = ", ".join(map(str, sorted(manager.book.published))) or "none"
            raise NotFound(f"version {version} of {model_name!r} is not published; there is: {published}")
        if record.refusal or (record.state is not VersionState.AVAILABLE and not allow_unloaded):
            found = f"{record.state.name}: {record.message}" if record.message else record.state.name
            raise NotLoaded(f"version {version} of {model_name!r} is {found}, expected AVAILABLE")
        return await self._move(manager, LabelAction.PROMOTE, label, version, note)

    async def roll_back(self, model_name: str, label: str, note: Note) -> LabelEvent:
        """Pins a label to the version it was on before; see the port."""
        manager = self._free(model_name, label)
        version = version_before(manager, label)
        if version is None:
            raise NothingBefore(f"label {label!r} of {model_name!r} was on no other version that could be loaded")
        return await self._move(manager, LabelAction.ROLL_BACK, label, version, note)

    async def pin(self, model_name: str, label: str, note: Note) -> LabelEvent:
        """Pins a label to the version it is on; see the port."""
        manager = self._free(model_name, label)
        version = manager.version_of(label)
        if version is None:
            raise NotLoaded(f"label {label!r} of {model_name!r} is on no version that is loaded")
        return await self._move(manager, LabelAction.PIN, label, version, note)

    async def unpin(self, model_name: str, label: str, note: Note) -> LabelEvent:
        """Has a label follow the newest version; see the port."""
        return await self._move(self._free(model_name, label), LabelAction.UNPIN, label, None, note)

    async def split(self, model_name: str, weights: Mapping[str, int], note: Note) -> LabelEvent:
        """Splits the members between labels; see the port."""
        manager = self._models.manager(model_name)
        if weights and not any(weights.values()):
            raise InvalidRequest([FieldViolation("weights", "are all 0, expected one that is greater")])
        _check_known(manager, "weights", weights)
        return await self._write(
            manager, LabelEvent(LabelAction.SPLIT, self._clock(), note, weights=dict(weights))
        )

    async def shadow(self, model_name: str, label: str, share: float, note: Note) -> LabelEvent:
        """Has a label score a share of the requests besides; see the port."""
        manager = self._models.manager(model_name)
        _check_known(manager, "label", [label])
        event = LabelEvent(LabelAction.SHADOW, self._clock(), note, label=label, share=share)
        return await self._write(manager, event)

    async def history(self, model_name: str) -> Sequence[LabelEvent]:
        """Returns what was done to the labels of a model, oldest first."""
        return await self._models.manager(model_name).history()

    async def reload(
        self, configs: Sequence[ModelConfig], *, validate_only: bool = False
    ) -> Sequence[ModelChange]:
        """Serves other models; see the port."""
        return await self._reloader.reload(configs, validate_only=validate_only)

    def _free(self, model_name: str, label: str) -> ModelManager:
        """Returns the manager of a model whose label is not set by its config."""
        manager = self._models.manager(model_name)
        if label in manager.config.labels:
            raise LabelConfigured(f"label {label!r} of {model_name!r} is set by the model config, which moves it")
        return manager

    async def _move(
        self, manager: ModelManager, action: LabelAction, label: str, version: int | None, note: Note
    ) -> LabelEvent:
        previous = manager.version_of(label)
        return await self._write(manager, LabelEvent(action, self._clock(), note, label, version, previous))

    @staticmethod
    async def _write(manager: ModelManager, event: LabelEvent) -> LabelEvent:
        await manager.record(event)
        return event


def _check_known(manager: ModelManager, field: str, labels: Iterable[str]) -> None:
    known = manager.label_book.labels.states
    expected = f"expected one of {', '.join(sorted(known))}"
    violations = [FieldViolation(field, f"is {label!r}, {expected}") for label in labels if label not in known]
    if violations:
        raise InvalidRequest(violations)
