import numpy as np
import pytest
from numpy.typing import NDArray

from contract.columns import INT64_MISSING, from_message
from contract.stubs import manifest_pb2 as pb
from training.golden import (
    CLASSES,
    KNOWN_MEMBERS,
    broadcast,
    flat_requests,
    ranking_requests,
    score_requests,
    score_tolerance,
)
from training.table import Columns, Table

SOURCE = pb.FeatureSource(member_key="member_id", class_key="class_id")
INPUTS = [
    pb.Input(
        name="member_id",
        source=pb.SOURCE_MEMBER_KEY,
        data_type=pb.DATA_TYPE_STRING,
        encoding=pb.ENCODING_VOCABULARY,
    ),
    pb.Input(
        name="class_id",
        source=pb.SOURCE_CLASS_KEY,
        data_type=pb.DATA_TYPE_STRING,
        encoding=pb.ENCODING_VOCABULARY,
    ),
    pb.Input(
        name="class_minutes",
        source=pb.SOURCE_CLASS,
        data_type=pb.DATA_TYPE_INT64,
        encoding=pb.ENCODING_NUMERIC,
    ),
    pb.Input(
        name="member_last",
        source=pb.SOURCE_MEMBER,
        data_type=pb.DATA_TYPE_INT64_LIST,
        encoding=pb.ENCODING_VOCABULARY,
        list_length=2,
    ),
    pb.Input(
        name="request_time",
        source=pb.SOURCE_REQUEST_TIME,
        data_type=pb.DATA_TYPE_INT64,
        encoding=pb.ENCODING_TIME,
    ),
]


def _table(members: int, classes: int) -> Table:
    """Every member beside every class."""
    rows = np.arange(members * classes)
    ids = np.array([f"m{row // classes}" for row in rows], dtype=object)
    return Table(
        columns={
            "member_id": ids,
            "class_id": np.array([f"c{row % classes}" for row in rows], dtype=object),
            "class_minutes": (rows % classes).astype(np.float32),
            "member_last": np.stack([rows // classes, rows // classes + 1], axis=1),
            "request_time": 1_000 + rows,
        },
        labels=(rows % 2).astype(np.float32),
        members=ids,
    )


def test_a_ranking_request_is_of_one_member_and_several_classes() -> None:
    requests = ranking_requests(INPUTS, SOURCE, _table(members=9, classes=80))

    assert len(requests) == KNOWN_MEMBERS + 1
    assert len({request["member_id"][0] for request in requests}) == len(requests)
    for request in requests:
        assert request["member_id"].shape == request["request_time"].shape == (1,)
        assert request["member_last"].shape == (1, 2)
        assert request["class_id"].shape == request["class_minutes"].shape == (CLASSES + 1,)
        assert len(set(request["class_id"])) == CLASSES + 1


def test_a_request_keeps_the_features_of_an_id_together() -> None:
    for request in ranking_requests(INPUTS, SOURCE, _table(members=9, classes=40))[:-1]:
        assert request["member_last"][0, 0] == int(request["member_id"][0][1:])
        assert request["class_minutes"][:-1].tolist() == [int(name[1:]) for name in request["class_id"][:-1]]


def test_the_last_member_and_the_last_class_are_unknown() -> None:
    unknown = ranking_requests(INPUTS, SOURCE, _table(members=9, classes=40))[-1]

    assert unknown["member_id"].tolist() == [""]
    assert unknown["member_last"].tolist() == [[INT64_MISSING, INT64_MISSING]]
    assert unknown["request_time"][0] >= 1_000
    assert unknown["class_id"][-1] == ""
    assert np.isnan(unknown["class_minutes"][-1])


def test_few_members_and_classes_are_all_taken() -> None:
    requests = ranking_requests(INPUTS, SOURCE, _table(members=2, classes=3))

    assert [request["member_id"][0] for request in requests] == ["m0", "m1", ""]
    assert requests[0]["class_id"].tolist() == ["c0", "c1", "c2", ""]


def test_a_flat_request_ends_with_a_row_without_values() -> None:
    (request,) = flat_requests(INPUTS[:3], _table(members=1, classes=5))

    assert request["class_id"].tolist() == ["c0", "c1", "c2", "c3", "c4", ""]


def test_large_scores_may_differ_by_more() -> None:
    assert score_tolerance(np.array([0.1, 0.9], np.float32)) == 1e-5
    assert score_tolerance(np.array([-3e4, 5], np.float32)) == pytest.approx(0.3)


def test_single_rows_are_repeated_beside_the_classes() -> None:
    columns = broadcast({"a": np.array([[1, 2]]), "b": np.array([1.0, 2.0, 3.0])})

    assert columns["a"].tolist() == [[1, 2]] * 3
    assert columns["b"].tolist() == [1, 2, 3]


def test_messages_hold_the_columns_and_the_score_of_each_class() -> None:
    requests = ranking_requests(INPUTS, SOURCE, _table(members=2, classes=3))

    def scorer(columns: Columns) -> NDArray[np.float32]:
        scores = np.nan_to_num(columns["class_minutes"]) / 8 + columns["member_last"][:, 0].clip(0) / 16
        return scores.astype(np.float32)

    messages = score_requests(INPUTS, requests, scorer)

    assert messages[1].scores == pytest.approx([1 / 16, 1 / 8 + 1 / 16, 2 / 8 + 1 / 16, 1 / 16])
    for request, message in zip(requests, messages, strict=True):
        for spec, column in zip(INPUTS, message.columns, strict=True):
            np.testing.assert_array_equal(from_message(spec, column), request[spec.name])
