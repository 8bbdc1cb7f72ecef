"""The log of files, as an event loop sees it."""

from pathlib import Path

import pytest

from event_log.files import make_folder, segment_path
from event_log.writer import Appended
from server.domain.errors import EventLogUnavailable
from server.events.file_log import FileEventLog
from tests.support.events import event
from tests.support.logs import NOW_MICROS


async def test_a_log_that_fails_is_told_once_and_once_more_when_it_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "log"
    log = FileEventLog(folder, lambda: NOW_MICROS)
    folder.write_text("in the way")
    for _ in range(3):
        with pytest.raises(EventLogUnavailable, match="nothing of this message"):
            await log.append([event("a")])
    folder.unlink()
    for expected in (Appended.RECORDED, Appended.DUPLICATE):
        assert await log.append([event("a")]) == [expected]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert str(folder) in caplog.text
    await log.close()


async def test_a_warm_up_that_fails_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make_folder(tmp_path / "log")
    for number in (1, 2):
        segment_path(tmp_path / "log", number).write_text("damaged")
    log = FileEventLog(tmp_path / "log", lambda: NOW_MICROS)
    log.warm_up()
    await log.close()
    assert "00000001.log is damaged at byte 0" in caplog.text
