import numpy as np
import pytest

from contract.stubs.manifest_pb2 import Metric
from training.baselines import Subject
from training.evaluation import measure, share_of_reachable_lift
from training.table import Table

TABLE = Table(
    columns={"x": np.array([0.1, 0.9, 0.8, 0.2])},
    labels=np.array([0, 1, 1, 0], np.float32),
    members=np.array(["a", "a", "b", "b"], dtype=object),
)


def _auc(subject: str, value: float) -> Metric:
    return Metric(name="auc", subject=subject, split="test", value=value)


def test_every_subject_is_measured_on_every_split() -> None:
    heard: list[tuple[str, int, int]] = []
    subjects = [
        Subject("model", lambda table: table.columns["x"]),
        Subject("order", lambda table: table.columns["x"] * 100, is_probability=False),
    ]

    metrics = measure(subjects, {"validation": TABLE, "test": TABLE}, lambda *step: heard.append(step))

    assert {(m.subject, m.split) for m in metrics} == {
        (subject, split) for subject in ("model", "order") for split in ("validation", "test")
    }
    assert [m.value for m in metrics if m.name == "auc"] == [1, 1, 1, 1]
    assert {m.subject for m in metrics if m.name == "log_loss"} == {"model"}
    assert heard == [("evaluating", done, 4) for done in range(5)]


def test_the_share_of_the_reachable_lift_by_hand() -> None:
    assert share_of_reachable_lift([_auc("model", 0.7), _auc("oracle", 0.75)]) == pytest.approx(0.8)


def test_without_an_oracle_or_anything_to_reach_there_is_no_share() -> None:
    assert share_of_reachable_lift([_auc("model", 0.7)]) is None
    assert share_of_reachable_lift([_auc("model", 0.7), _auc("oracle", 0.5)]) is None
