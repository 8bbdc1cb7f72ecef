"""One site for all tests of the loop: making it takes a minute."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from tests.support.site import Site, make_site


@pytest.fixture(scope="session")
def first_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of this process, copied from one that is made once for all processes that share the tests."""
    own = tmp_path_factory.mktemp("site")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return make_site(own)
    shutil.copytree(_made_once(tmp_path_factory.getbasetemp().parent), own, dirs_exist_ok=True)
    site = Site(own)
    site.paceline("features", "apply")  # the registry has the paths of the rows
    return site


def _made_once(folder: Path) -> Path:
    made = folder / "site"
    with (folder / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make_site(folder / "site.part").root.rename(made)
    return made


@pytest.fixture
def site(first_site: Site, tmp_path: Path) -> Site:
    """The site with models of its own, which a test may change."""
    shutil.copytree(first_site.models, tmp_path / "models")
    (tmp_path / "data").symlink_to(first_site.root / "data")
    return Site(tmp_path)
