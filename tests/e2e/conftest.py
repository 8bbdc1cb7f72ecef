"""One site for all tests of the loop: making it takes a minute."""

import shutil
from pathlib import Path

import pytest

from tests.support.site import Site, make_site


@pytest.fixture(scope="session")
def first_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(first_site: Site, tmp_path: Path) -> Site:
    """The site with models of its own, which a test may change."""
    shutil.copytree(first_site.models, tmp_path / "models")
    (tmp_path / "data").symlink_to(first_site.root / "data")
    return Site(tmp_path)
