"""Opening what serving reads of a feature repository's stores."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from contract.profile import read_profile
from server.features.cells import CellReader
from server.features.plain import plain_stores
from server.features.registry import RegistrySource


class Stores(NamedTuple):
    """The stores of one feature repository."""

    registry: RegistrySource
    cells: CellReader
    """What reads the online store."""
    identity: bytes
    """A digest that is the same for the same stores only, in every process; of passwords, too."""


def open_stores(repo: Path, profile: str = "") -> Stores:
    """Returns the stores that a profile describes, without connecting to them.

    Raises:
        ProfileError: The profile does not exist or is not a Feast configuration.
    """
    raw = read_profile(repo, profile)
    registry, cells = plain_stores(raw, repo) or _by_feast(repo, profile)
    where = repr((str(repo.resolve()), raw)).encode()
    return Stores(registry, cells, hashlib.blake2b(where, digest_size=32).digest())


def _by_feast(repo: Path, profile: str) -> tuple[RegistrySource, CellReader]:
    from server.features.feast_registry import FeastRegistry  # noqa: PLC0415 (Feast)
    from server.features.store import cell_reader, open_store  # noqa: PLC0415 (Feast)

    store = open_store(repo, profile)
    return FeastRegistry(store), cell_reader(store)
