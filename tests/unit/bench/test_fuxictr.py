import io
from pathlib import Path

import pytest

from bench.errors import BenchError

pytestmark = pytest.mark.slow


def test_a_peer_that_is_not_installed_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench import fuxictr  # noqa: PLC0415, tests without TensorFlow are collected with this file

    monkeypatch.setattr(fuxictr, "_FOLDER", tmp_path)

    with pytest.raises(BenchError, match=f"run {tmp_path}/setup.sh, or leave it out with --peer none"):
        fuxictr.find_fuxictr()


def test_each_epoch_is_asked_for_and_answered_by_a_line(tmp_path: Path) -> None:
    from bench.fuxictr import FuxiCtr  # noqa: PLC0415

    (tmp_path / "log").write_text("Traceback\nValueError: no rows\n")
    requests, answers = io.StringIO(), io.StringIO('{"seconds": 2.5, "auc": 0.75}\n')
    peer = FuxiCtr(requests, answers, tmp_path / "log")

    assert peer.epoch() == (2.5, 0.75)
    assert requests.getvalue() == "epoch\n"
    with pytest.raises(BenchError, match="FuxiCTR failed: ValueError: no rows"):
        peer.epoch()
