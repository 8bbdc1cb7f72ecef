"""Which models a server has, and which of their versions are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model, and at most one of a version and a label; neither is `DEFAULT_LABEL`."""

    name: str
    version: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest versions."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Specific:
    """These versions."""

    versions: frozenset[int]


@dataclass(frozen=True, slots=True)
class Every:
    """All versions."""


VersionPolicy = Latest | Specific | Every
"""Which of the published versions of a model are to be loaded."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One model of a server."""

    name: str
    base_path: str
    """The folder of its versions: a path or a URL that fsspec understands."""
    policy: VersionPolicy = Latest()
    labels: Mapping[str, int] = field(default_factory=dict)
    """Labels that are set here, and nowhere else."""


class ChangeKind(Enum):
    """What becomes of a model when another list of models is to be served."""

    ADDED = "it is served from then on"
    CHANGED = "its folder, versions or labels are others"
    REMOVED = "it is no longer served"


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What becomes of one model."""

    model_name: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class ModelProblem:
    """What keeps the server from looking after a model; what is loaded serves on."""

    model_name: str
    message: str
