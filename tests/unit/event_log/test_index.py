"""The index of ids, against a dict."""

from hypothesis import given
from hypothesis import strategies as st

from event_log.frames import Record
from event_log.index import Ids

KEYS = st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 1])


@given(st.dictionaries(KEYS, st.integers(0, 2**64 - 1)), st.integers(1, 4))
def test_what_was_added_is_found(content: dict[int, int], group_size: int) -> None:
    ids = Ids(10, group_size)
    ids.add(Record(key, digest, 0, b"") for key, digest in content.items())
    for key in (0, 1, 2, 3, 2**63, 2**64 - 1):
        assert ids.find(key) == content.get(key)


def test_groups_are_forgotten_once_all_of_them_is_too_old() -> None:
    ids = Ids(10, group_size=2)
    for key in range(5):
        ids.add([Record(key, key, key, b"")])
    ids.forget(11)
    assert [ids.find(key) for key in range(5)] == [0, 1, 2, 3, 4]
    ids.forget(12)
    assert [ids.find(key) for key in range(5)] == [None, None, 2, 3, 4]
    ids.forget(99)
    assert [ids.find(key) for key in range(5)] == [None, None, None, None, 4]
