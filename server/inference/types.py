"""What is asked of a model, and what it was that answered."""

from dataclasses import dataclass

from server.domain.models import ModelSpec
from server.domain.signatures import DEFAULT_SIGNATURE


@dataclass(frozen=True, slots=True)
class Target:
    """One signature of a model."""

    model: ModelSpec
    signature: str = DEFAULT_SIGNATURE


@dataclass(frozen=True, slots=True)
class Origin:
    """The version that answered, and with which signature if with one."""

    model_name: str
    version: int
    signature: str = ""
