"""Keeps the right versions of one model loaded, and hands out the one that answers."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from contract.labels import DEFAULT_LABEL, LabelEvent, fold
from server.domain.errors import NoModel, NotReadable
from server.domain.models import ModelConfig
from server.models.aims import followed_versions, urgent_versions, version_of, version_to_recover
from server.models.book import OnChange, VersionBook
from server.models.label_book import LabelBook, Move
from server.models.label_history import LabelHistory
from server.models.leases import LoadedVersion, VersionLease
from server.models.loader import Loader
from server.models.loops import Loops
from server.models.observation import OnCall
from server.models.policy import Load, Transition, Unload, next_action
from server.models.residents import Residents
from server.models.storage.ports import VersionStore
from server.models.storage.threads import in_own_thread

_log = logging.getLogger(__name__)

OnMove = Callable[[Move], None]
"""Is told when another version answers for a label."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How versions come and go."""

    transition: Transition = Transition.AVAILABILITY
    keep_seconds: float = 600.0
    """How long the version that a label left stays loaded."""
    settle_seconds: float = 5.0
    """How long the files of a version without a manifest have to be the same before it is loaded."""


class ModelManager:
    """The versions of one model, and which of them answers.

    Three loops keep it going: one looks at what is published and at the history of labels, one takes one step
    after another towards what is wanted, and one replaces what dies. So a label moves, and what served comes back,
    though a version is being loaded.

    Args:
        config: What is to be served.
        store: Where its versions and its history lie.
        loader: Loads a version.
        lifecycle: How versions come and go.
        on_change: Is told of every change of a version's state.
        on_move: Is told when another version answers for a label.
        on_call: Is told of every call of a version.
        clock: The time in seconds since the epoch.
        turn: Shared by managers that may not load at the same time.
    """

    def __init__(
        self,
        config: ModelConfig,
        store: VersionStore,
        loader: Loader,
        *,
        lifecycle: Lifecycle = Lifecycle(),
        on_change: OnChange = lambda _: None,
        on_move: OnMove = lambda _: None,
        on_call: OnCall = lambda _: None,
        clock: Callable[[], float] = time.time,
        turn: AbstractAsyncContextManager[object] | None = None,
    ) -> None:
        self.config = config
        self.book = VersionBook(config.name, on_change, clock, lifecycle.settle_seconds)
        self.label_book = LabelBook(clock, lifecycle.keep_seconds)
        self.problem = ""
        """What keeps it from looking; empty if nothing does."""
        self._residents = Residents(self.book, store, loader, self._settle, clock)
        self._store = store
        self._history = LabelHistory(store)
        self._knows_labels = False
        self._transition = lifecycle.transition
        self._on_move = on_move
        self._on_call = on_call
        self._turn = turn or asyncio.Semaphore()
        self.has_tried = asyncio.Event()
        """Set once a version is available, and each that the config labels, or there is none to try."""
        self.has_settled = asyncio.Event()
        """Set once all that can be loaded is, or there is none to try."""
        self._is_retired = False
        self._loops = Loops(config.name, lambda: self._is_gone)

    @property
    def available(self) -> Sequence[LoadedVersion]:
        """The versions that can be leased, in the order in which they came."""
        return tuple(self._residents.available.values())

    def answering(self, label: str = DEFAULT_LABEL) -> LoadedVersion | None:
        """Returns the version that answers for a label, the best whose process responds; None if none does."""
        versions = (self._residents.available[version] for version in self.label_book.route(label))
        return next((loaded for loaded in versions if loaded.runner.is_responsive), None)

    def lease(self, label: str = DEFAULT_LABEL, *, or_default: bool = False) -> VersionLease:
        """Returns a lease on the version that answers for a label.

        Args:
            label: The label.
            or_default: Whether what answers for `DEFAULT_LABEL` may step in.

        Raises:
            NoModel: None does.
        """
        loaded = self.answering(label) or (self.answering() if or_default else None)
        if loaded is None:
            raise NoModel(f"no version of {self.config.name!r} is serving")
        return loaded.lease(self.config.name, label, self._on_call)

    def lease_version(self, version: int) -> VersionLease:
        """Returns a lease on a version.

        Raises:
            NoModel: It is not available, or its process does not respond.
        """
        loaded = self._residents.available.get(version)
        if loaded is None or not loaded.runner.is_responsive:
            raise NoModel(f"version {version} of {self.config.name!r} is not serving")
        return loaded.lease(self.config.name, on_call=self._on_call)

    def is_held_up(self, version: int | None = None) -> bool:
        """Whether a version, or any if none is given, is loaded but its process is being replaced or hangs."""
        available = self._residents.available
        asked = available.values() if version is None else filter(None, [available.get(version)])
        return self.book.is_recovering(version) or any(not loaded.runner.is_responsive for loaded in asked)

    async def run(self, interval_seconds: float) -> None:
        """Looks, steps and recovers until cancelled, or until it is retired and nothing is left.

        Args:
            interval_seconds: How often to look.
        """
        await self._loops.run(self.look, self.step, self.recover, interval_seconds)

    async def look(self) -> None:
        """Looks once at what is published and at the history of labels. What can't be read stays as it was."""
        problems = []
        try:
            self.book.note(await in_own_thread(self._store.poll))
        except OSError as error:
            problems.append(str(error))
        try:
            self.label_book.labels = fold(await self._history.present(), self.config.labels)
            self._knows_labels = True
        except NotReadable as error:
            problems.append(str(error))
        self._tell("; ".join(problems))
        self._settle()

    async def step(self) -> bool:
        """Takes at most one action towards what it saw when it last looked, and returns whether it took one."""
        await self._residents.end_drained()
        needed = () if self._is_retired else self.label_book.needed
        wanted = [version for version in self._wanted() if not self.book.is_recovering(version)]
        match next_action(self.book.states, wanted, needed=needed, transition=self._transition):
            case Load(version):
                await self._residents.load(version, self.answering, self._turn)
            case Unload(version):
                self._residents.unload(version)
            case None:
                if not self.book.is_arriving:
                    self.has_tried.set()
                if self.has_tried.is_set():
                    self.has_settled.set()
                return False
        if self._has_what_is_labelled:
            self.has_tried.set()
        return True

    async def recover(self) -> bool:
        """Loads at most one version anew whose runner died, and returns whether it did.

        It has to be wanted, or all that could answer. It waits for no other load, as requests may wait for it.
        """
        version = version_to_recover(self.config.policy, self.book, self.label_book) if self._may_load else None
        if version is None:
            return False
        await self._residents.load(version, self.answering, contextlib.nullcontext())
        return True

    async def record(self, event: LabelEvent) -> None:
        """Writes an event into the history. It takes effect here at once, elsewhere at the next look.

        Raises:
            NotWritable: The history can't be written, or not be read. Nothing was changed.
        """
        await self._history.append(event)
        await self.look()

    async def remember(self, event: LabelEvent) -> None:
        """Lets a move take effect here only, as it could not be written. That is tried again at each look."""
        self._history.remember(event)
        await self.look()

    async def history(self) -> Sequence[LabelEvent]:
        """Returns what was done to the labels, oldest first.

        Raises:
            NotReadable: The history can't be read, or an entry can't be understood.
        """
        return await self._history.events()

    def version_of(self, label: str) -> int | None:
        """Returns the version that a label is on, though another may answer for it while that is loaded anew."""
        return version_of(label, self.config.policy, self.book, self.label_book)

    def reconfigure(self, config: ModelConfig) -> None:
        """Serves the model with another policy or other labels, from the next look on."""
        self.config = config

    def retire(self) -> None:
        """Leases no version any more, and ends each once it is drained."""
        self._is_retired = True
        for version in list(self._residents.available):
            self._residents.unload(version)
        self._loops.wake()

    async def close(self) -> None:
        """Ends every runner, leased or not. Nothing serves from then on."""
        await self._residents.close()

    @property
    def _is_gone(self) -> bool:
        """Whether it is retired and nothing is left of it."""
        return self._is_retired and self._residents.is_empty

    @property
    def _has_what_is_labelled(self) -> bool:
        """Whether a version is available, and each that the config labels."""
        available = self._residents.available
        return bool(available) and available.keys() >= set(self.config.labels.values())

    @property
    def _may_load(self) -> bool:
        """Not before the history of labels was read once, which may say that a version must not serve."""
        return self._knows_labels and not self._is_retired

    def _wanted(self) -> Sequence[int]:
        return urgent_versions(self.config.policy, self.book, self.label_book.labels) if self._may_load else ()

    def _settle(self) -> None:
        available = self._residents.available
        followed = followed_versions(self.config.policy, self.book, self.label_book.labels)
        moves = self.label_book.settle(available, followed)
        positions = {label: self.version_of(label) for label in self.label_book.labels.states}
        self.label_book.place(positions, available)
        for move in moves:
            _log.info("model=%s label=%s version=%s", self.config.name, move.label, move.version)
            self._on_move(move)
        self._loops.wake()

    def _tell(self, problem: str) -> None:
        """Takes note of what keeps it from looking, and logs a change only: it looks every second."""
        if problem != self.problem:
            self.problem = problem
            _log.warning("model=%s problem=%r", self.config.name, problem)
