"""What the services need from the rest of the server, besides the handlers of `ranking` and `inference`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from contract.labels import LabelEvent, Note
from server.domain.labels import LabelStatus
from server.domain.models import ModelChange, ModelConfig, ModelProblem
from server.domain.versions import VersionRecord


class ModelStates(Protocol):
    """Tells what the server holds."""

    @property
    def configs(self) -> Sequence[ModelConfig]:
        """The models, by name."""
        ...

    @property
    def records(self) -> Sequence[VersionRecord]:
        """Every version seen, by model and from the newest."""
        ...

    @property
    def labels(self) -> Sequence[LabelStatus]:
        """Every label, by model and name."""
        ...

    @property
    def problems(self) -> Sequence[ModelProblem]:
        """What is wrong at the moment, by model."""
        ...


class ModelAdmin(Protocol):
    """Moves labels and changes which models are served.

    Every call raises NotFound if there is no such model. A call that raises changes nothing.
    """

    async def promote(
        self, model_name: str, version: int, label: str, note: Note, *, allow_unloaded: bool = False
    ) -> LabelEvent:
        """Pins a label to a version.

        Raises:
            NotFound: The version is not published.
            NotLoaded: It is not loaded, and `allow_unloaded` is not set.
            LabelConfigured: The label is set by the model config.
            NotWritable: The history can't be written.
        """
        ...

    async def roll_back(self, model_name: str, label: str, note: Note) -> LabelEvent:
        """Pins a label to the version it was on before, and rejects the one that it leaves.

        Raises:
            NothingBefore: There is no such version.
            LabelConfigured: The label is set by the model config.
            NotWritable: The history can't be written.
        """
        ...

    async def pin(self, model_name: str, label: str, note: Note) -> LabelEvent:
        """Pins a label to the version it is on.

        Raises:
            NotLoaded: It is on none.
            LabelConfigured: The label is set by the model config.
            NotWritable: The history can't be written.
        """
        ...

    async def unpin(self, model_name: str, label: str, note: Note) -> LabelEvent:
        """Has a label follow the newest version.

        Raises:
            LabelConfigured: The label is set by the model config.
            NotWritable: The history can't be written.
        """
        ...

    async def split(self, model_name: str, weights: Mapping[str, int], note: Note) -> LabelEvent:
        """Splits the members between labels; without weights the default label gets all.

        Raises:
            InvalidRequest: There is no such label, or all weights are 0.
            NotWritable: The history can't be written.
        """
        ...

    async def shadow(self, model_name: str, label: str, share: float, note: Note) -> LabelEvent:
        """Has a label score a share of the requests besides; 0 ends it.

        Raises:
            InvalidRequest: There is no such label.
            NotWritable: The history can't be written.
        """
        ...

    async def history(self, model_name: str) -> Sequence[LabelEvent]:
        """Returns what was done to the labels of a model, oldest first."""
        ...

    async def reload(
        self, configs: Sequence[ModelConfig], *, validate_only: bool = False
    ) -> Sequence[ModelChange]:
        """Serves other models, and returns what changes, by name.

        Returns once a version of each model that was added serves, and each that has a label.

        Args:
            configs: The models, each with a name of its own.
            validate_only: Only tell what would change. Nothing is loaded for that.

        Raises:
            InvalidRequest: A model lies where none can be.
            NotLoaded: Nothing of a model that was added can be loaded in time, or a label is on a version that is
                not loaded.
            RestartNeeded: The model that ranks was added to a server that started without it, or the server has
                several workers.
        """
        ...
