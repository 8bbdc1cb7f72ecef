"""What inference needs from the rest of the server. `server.models` supplies the real one, tests supply fakes."""

from collections.abc import Collection
from types import TracebackType
from typing import Protocol, Self

from contract.stubs.manifest_pb2 import Manifest
from server.domain.models import ModelSpec
from server.domain.signatures import Signatures, Tensors


class Servable(Protocol):
    """Keeps one version of a model loaded for one request."""

    @property
    def version(self) -> int:
        """The version."""
        ...

    @property
    def signatures(self) -> Signatures:
        """Its signatures by name."""
        ...

    @property
    def manifest(self) -> Manifest:
        """Its manifest; one with a name and a version only if it was published without."""
        ...

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        """Runs a signature and returns those of its outputs that are named, all if none is.

        Raises:
            ModelFailed: TensorFlow can't: the tensors do not fit, or an operation fails.
            RunnerLost: The process that runs the version ended.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Servables(Protocol):
    """Hands out loaded versions of models."""

    def lease(self, spec: ModelSpec) -> Servable:
        """Returns a lease on the version that `spec` asks for, to be used as a context manager.

        Raises:
            NotFound: There is no such model, or its version is not loaded.
            InvalidRequest: The model has no such label.
            NoModel: The version's process is being replaced.
        """
        ...
