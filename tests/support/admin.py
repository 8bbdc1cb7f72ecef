"""Fakes of `server.rpc.ports`: states that are given, and a history that is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import NotFound
from server.domain.labels import LabelStatus
from server.domain.models import ChangeKind, ModelChange, ModelConfig, ModelProblem
from server.domain.versions import VersionRecord


@dataclass
class FakeStates:
    """What a server holds."""

    records: Sequence[VersionRecord] = ()
    labels: Sequence[LabelStatus] = ()
    problems: Sequence[ModelProblem] = ()
    configs: Sequence[ModelConfig] = ()


@dataclass
class FakeAdmin:
    """One model "ranking" whose labels go where they are told to, at noon."""

    events: list[LabelEvent] = field(default_factory=list)
    allowed_unloaded: list[int] = field(default_factory=list)
    """The versions that were promoted though they might not be loaded."""
    reloaded: list[tuple[Sequence[ModelConfig], bool]] = field(default_factory=list)
    """The models of each reload, and whether it was only asked what it would change."""
    failure: Exception | None = None

    async def promote(
        self, model_name: str, version: int, label: str, note: Note, *, allow_unloaded: bool = False
    ) -> LabelEvent:
        if allow_unloaded:
            self.allowed_unloaded.append(version)
        return self._add(model_name, LabelEvent(LabelAction.PROMOTE, 43_200.5, note, label, version, 2))

    async def roll_back(self, model_name: str, label: str, note: Note) -> LabelEvent:
        return self._add(model_name, LabelEvent(LabelAction.ROLL_BACK, 43_200.5, note, label, 1, 2))

    async def pin(self, model_name: str, label: str, note: Note) -> LabelEvent:
        return self._add(model_name, LabelEvent(LabelAction.PIN, 43_200.5, note, label, 2, 2))

    async def unpin(self, model_name: str, label: str, note: Note) -> LabelEvent:
        return self._add(model_name, LabelEvent(LabelAction.UNPIN, 43_200.5, note, label, None, 2))

    async def split(self, model_name: str, weights: Mapping[str, int], note: Note) -> LabelEvent:
        return self._add(model_name, LabelEvent(LabelAction.SPLIT, 43_200.5, note, weights=weights))

    async def shadow(self, model_name: str, label: str, share: float, note: Note) -> LabelEvent:
        return self._add(model_name, LabelEvent(LabelAction.SHADOW, 43_200.5, note, label, share=share))

    async def history(self, model_name: str) -> Sequence[LabelEvent]:
        self._check(model_name)
        return self.events

    async def reload(
        self, configs: Sequence[ModelConfig], *, validate_only: bool = False
    ) -> Sequence[ModelChange]:
        if self.failure is not None:
            raise self.failure
        self.reloaded.append((configs, validate_only))
        return [ModelChange(config.name, ChangeKind.ADDED) for config in configs]

    def _add(self, model_name: str, event: LabelEvent) -> LabelEvent:
        self._check(model_name)
        self.events.append(event)
        return event

    def _check(self, model_name: str) -> None:
        if self.failure is not None:
            raise self.failure
        if model_name != "ranking":
            raise NotFound(f"there is no model {model_name!r}")
