"""Changing which models are served, as a whole or not at all."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from server.domain.errors import FieldViolation, InvalidRequest, NotLoaded
from server.domain.models import ChangeKind, ModelChange, ModelConfig
from server.models.manager import ModelManager
from server.models.served import ServedModels
from server.models.storage.ports import StorageError

LOAD_SECONDS = 600.0
"""How long each new model may take until it can be served; they are loaded one after another."""

_log = logging.getLogger(__name__)


class Reloader:
    """Serves other models than before.

    Args:
        models: The models of the server.
        load_seconds: How long each new model may take until it can be served.
    """

    def __init__(self, models: ServedModels, load_seconds: float = LOAD_SECONDS) -> None:
        self._models = models
        self._load_seconds = load_seconds
        self._turn = asyncio.Lock()

    async def reload(
        self, configs: Sequence[ModelConfig], *, validate_only: bool = False
    ) -> Sequence[ModelChange]:
        """Serves `configs` and nothing else; see `server.rpc.ports.ModelAdmin.reload`.

        What is new is loaded first. Only if a version of each new model is available, and each that is labelled,
        does anything change. That goes on if the caller no longer waits: loading takes longer than most callers.
        """
        if validate_only:
            self._check_labels(configs)
            self._make(configs)
            return self._changes(configs)
        task = asyncio.create_task(self._reload(configs))
        task.add_done_callback(_log_outcome)
        return await asyncio.shield(task)

    async def _reload(self, configs: Sequence[ModelConfig]) -> Sequence[ModelChange]:
        async with self._turn:
            self._check_labels(configs)
            changes = self._changes(configs)
            added = self._make(configs)
            await self._try(added)
            self._serve(configs, added)
        changed = [change.model_name for change in changes if change.kind is ChangeKind.CHANGED]
        await asyncio.gather(*(self._models.manager(name).look() for name in changed))  # which moves the labels
        return changes

    def _serve(self, configs: Sequence[ModelConfig], added: Sequence[ModelManager]) -> None:
        """Serves `configs` and nothing else; `added` are the managers of those that are new or moved."""
        for manager in added:
            self._models.add(manager)
        for config in configs:
            self._models.manager(config.name).reconfigure(config)
        for name in {config.name for config in self._models.configs} - {config.name for config in configs}:
            self._models.remove(name)

    def _make(self, configs: Sequence[ModelConfig]) -> Sequence[ModelManager]:
        """Returns a manager, not yet at work, for each model that is new, or is now somewhere else.

        Raises:
            InvalidRequest: One of them lies where none can be.
            RestartNeeded: One of them can be served only from the start.
        """
        try:
            return [self._models.make(config) for config in configs if self._needs_manager(config)]
        except StorageError as error:
            raise InvalidRequest([FieldViolation("config.base_path", str(error))]) from None

    async def _try(self, managers: Sequence[ModelManager]) -> None:
        """Returns once each manager has a version available, and those that are labelled; else none is left.

        Raises:
            NotLoaded: One of them has not. The message says why.
        """
        for manager in managers:
            self._models.start(manager)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._load_seconds * len(managers)):
                await asyncio.gather(*(manager.has_tried.wait() for manager in managers))
        problems = [problem for manager in managers for problem in _problems(manager)]
        if problems:
            for manager in managers:
                manager.retire()
            raise NotLoaded("; ".join(problems))

    def _needs_manager(self, config: ModelConfig) -> bool:
        """Whether a model is new, or is now somewhere else."""
        present = self._models.find(config.name)
        return present is None or present.config.base_path != config.base_path

    def _changes(self, configs: Sequence[ModelConfig]) -> Sequence[ModelChange]:
        before: Mapping[str, ModelConfig] = {config.name: config for config in self._models.configs}
        after = {config.name: config for config in configs}
        return [
            ModelChange(name, _kind(before.get(name), after.get(name)))
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]

    def _check_labels(self, configs: Sequence[ModelConfig]) -> None:
        """Raises NotLoaded if a label of a model that is served is put on a version that is not available."""
        present = [config for config in configs if not self._needs_manager(config)]
        problems = [text for config in present for text in _unloaded(self._models.manager(config.name), config)]
        if problems:
            raise NotLoaded("; ".join(problems))


def _log_outcome(task: asyncio.Task[Sequence[ModelChange]]) -> None:
    """Tells of the end also if nobody waits for it any more."""
    if not task.cancelled():
        _log.info("the models were reloaded: %s", task.exception() or task.result() or "nothing changed")


def _kind(before: ModelConfig | None, after: ModelConfig | None) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if after is None else ChangeKind.CHANGED


def _problems(manager: ModelManager) -> Iterator[str]:
    """Yields what keeps a manager that was started from being served."""
    if manager.available:
        yield from _unloaded(manager, manager.config)
    else:
        yield _failure(manager)


def _unloaded(manager: ModelManager, config: ModelConfig) -> Iterator[str]:
    """Yields which of the labels of a config are on versions that are not available."""
    available = {loaded.manifest.version for loaded in manager.available}
    for label, version in sorted(config.labels.items()):
        if version not in available:
            yield f"label {label!r} of {config.name!r} is to be on version {version}, which is not loaded"


def _failure(manager: ModelManager) -> str:
    messages = [f"version {record.version}: {record.message}" for record in manager.book.records if record.message]
    otherwise = "it has no version" if manager.has_tried.is_set() else "it takes too long"
    found = manager.problem or "; ".join(messages) or otherwise
    return f"nothing of model {manager.config.name!r} in {manager.config.base_path} can be loaded: {found}"
