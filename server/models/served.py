"""All models of a server. Implements `server.inference.ports.Servables` and `server.rpc.ports.ModelStates`."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from contract.labels import DEFAULT_LABEL
from server.domain.errors import FieldViolation, InvalidRequest, NoModel, NotFound
from server.domain.labels import LabelStatus
from server.domain.models import ModelConfig, ModelProblem, ModelSpec
from server.domain.versions import VersionRecord
from server.models.leases import VersionLease
from server.models.manager import ModelManager
from server.models.positions import label_statuses

MakeManager = Callable[[ModelConfig], ModelManager]


class ServedModels:
    """The models of a server, by name.

    Args:
        make_manager: Makes the manager of a model.
        interval_seconds: How often a manager looks for what is new.
        on_change: Is told when another manager is served, or one no longer.
    """

    def __init__(
        self, make_manager: MakeManager, interval_seconds: float, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._make_manager = make_manager
        self._interval_seconds = interval_seconds
        self._on_change = on_change
        self._managers: dict[str, ModelManager] = {}
        self._running: dict[ModelManager, asyncio.Task[None]] = {}

    @property
    def configs(self) -> Sequence[ModelConfig]:
        """The models, by name."""
        return [manager.config for manager in self._by_name()]

    @property
    def records(self) -> Sequence[VersionRecord]:
        """Every version seen, by model and from the newest."""
        return [record for manager in self._by_name() for record in manager.book.records]

    @property
    def labels(self) -> Sequence[LabelStatus]:
        """Every label, by model and name."""
        return [status for manager in self._by_name() for status in label_statuses(manager)]

    @property
    def problems(self) -> Sequence[ModelProblem]:
        """What is wrong at the moment, by model."""
        return [ModelProblem(m.config.name, m.problem) for m in self._by_name() if m.problem]

    def find(self, model_name: str) -> ModelManager | None:
        """Returns the manager of a model, None if it is not served."""
        return self._managers.get(model_name)

    def manager(self, model_name: str) -> ModelManager:
        """Returns the manager of a model.

        Raises:
            NotFound: It is not served.
        """
        found = self.find(model_name)
        if found is None:
            served = ", ".join(sorted(self._managers)) or "none"
            raise NotFound(f"no model {model_name!r} is served; there is: {served}")
        return found

    def lease(self, spec: ModelSpec) -> VersionLease:
        """Returns a lease on the version that `spec` asks for; see `server.inference.ports.Servables`."""
        manager = self.manager(spec.name)
        try:
            if spec.version is not None:
                return manager.lease_version(spec.version)
            return manager.lease(_known_label(spec.label or DEFAULT_LABEL, manager))
        except NoModel as error:
            if manager.is_held_up(spec.version):
                raise
            raise NotFound(str(error)) from None

    def make(self, config: ModelConfig) -> ModelManager:
        """Returns the manager of a model, not yet at work. Nothing is asked of the model's folder.

        Raises:
            StorageError: The model lies where none can be.
            RestartNeeded: It can be served only from the start.
        """
        return self._make_manager(config)

    def start(self, manager: ModelManager) -> None:
        """Puts a manager to work. It is not yet found by the name of its model."""
        task = asyncio.create_task(manager.run(self._interval_seconds), name=f"model {manager.config.name}")
        self._running[manager] = task
        task.add_done_callback(lambda _: self._running.pop(manager, None))

    def add(self, manager: ModelManager) -> None:
        """Serves a model by its name, in place of the manager that had the name before."""
        replaced = self.find(manager.config.name)
        self._managers[manager.config.name] = manager
        if replaced is not None:
            replaced.retire()
        self._on_change()

    def remove(self, model_name: str) -> None:
        """Serves a model no longer; what is leased of it is answered."""
        self._managers.pop(model_name).retire()
        self._on_change()

    async def close(self) -> None:
        """Ends every runner. Nothing serves from then on."""
        running = dict(self._running)
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)
        await asyncio.gather(*(manager.close() for manager in running))

    def _by_name(self) -> Iterator[ModelManager]:
        return (self._managers[name] for name in sorted(self._managers))


def _known_label(label: str, manager: ModelManager) -> str:
    known = manager.label_book.labels.states
    if label not in known:
        found = f"is {label!r}, expected one of {', '.join(sorted(known))}"
        raise InvalidRequest([FieldViolation("model_spec.version_label", found)])
    return label
