"""The numbering and the reading of a history, over files that are made up."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from contract.label_events import from_json, to_json
from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import NotWritable
from server.models.storage.history import History
from server.models.storage.ports import HistoryError


def event(number: int) -> LabelEvent:
    return LabelEvent(LabelAction.UNPIN, float(number), Note("ana"))


class EventFiles:
    """Files in memory. Those in `unseen` are there, and not yet in a listing."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.unseen: set[str] = set()
        self.times_read: list[str] = []

    def __str__(self) -> str:
        return "memory"

    def names(self) -> Iterable[str]:
        return self.files.keys() - self.unseen

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        self.times_read += names
        return {name: self.files[name] for name in names}

    def create(self, name: str, data: bytes) -> bool:
        return self.files.setdefault(name, data) is data


@pytest.fixture
def files() -> EventFiles:
    return EventFiles()


def test_a_number_that_another_server_took_since_is_passed_over(files: EventFiles) -> None:
    history, other = History(files), History(files)
    history.append(event(1))
    for number in (2, 3):
        other.append(event(number))
    files.unseen = {"00000002.json", "00000003.json"}
    history.append(event(4))
    assert from_json(files.files["00000004.json"]) == event(4)


def test_each_file_is_read_once(files: EventFiles) -> None:
    history = History(files)
    for number in (1, 2, 3):
        history.append(event(number))
        history.read()
        history.read()
    assert files.times_read == ["00000001.json", "00000002.json", "00000003.json"]


def test_what_was_understood_is_not_read_again_because_of_what_was_not(files: EventFiles) -> None:
    history = History(files)
    history.append(event(1))
    files.files["00000002.json"] = b"{"
    for _ in range(2):
        with pytest.raises(HistoryError, match=r"^memory/00000002\.json is no label event: "):
            history.read()
    assert files.times_read == ["00000001.json", "00000002.json", "00000002.json"]
    files.files["00000002.json"] = to_json(event(2))
    assert list(history.read()) == [event(1), event(2)]


def test_a_failure_to_write_adds_nothing_and_is_explained() -> None:
    class FullFiles(EventFiles):
        def create(self, name: str, data: bytes) -> bool:
            raise OSError(f"{name} of {len(data)} bytes does not fit")

    files = FullFiles()
    with pytest.raises(NotWritable, match=r"^the history of labels can't be written to memory: 00000001\.json of"):
        History(files).append(event(1))
    assert files.files == {}
