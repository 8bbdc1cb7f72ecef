"""A history for the tests of a whole training."""

import pytest

from tests.support.histories import ROWS, write_history
from tests.support.on_demand import on_demand_files
from training.dataset import History


@pytest.fixture(autouse=True)
def _no_settings_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PACELINE_DATA", "PACELINE_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Six days of a small world, with on-demand views. Not to be changed."""
    return write_history(tmp_path_factory.mktemp("history"), on_demand_files(ROWS))
