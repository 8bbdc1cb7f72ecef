"""The peers learn from every kind of input, and score rows with values that they have not seen."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from contract.columns import to_column
from contract.stubs import manifest_pb2 as pb
from examples.kuairand.peers import gradient_boosted_trees, hashed_logistic_regression
from training.split import Splits
from training.table import Table

INPUTS = [
    pb.Input(name="tab", source=pb.SOURCE_CONTEXT, data_type=pb.DATA_TYPE_STRING, encoding=pb.ENCODING_VOCABULARY),
    pb.Input(name="rate", source=pb.SOURCE_CLASS, data_type=pb.DATA_TYPE_FLOAT32, encoding=pb.ENCODING_NUMERIC),
    pb.Input(
        name="tags",
        source=pb.SOURCE_CLASS,
        data_type=pb.DATA_TYPE_STRING_LIST,
        encoding=pb.ENCODING_VOCABULARY,
        list_length=2,
    ),
    pb.Input(name="time", source=pb.SOURCE_REQUEST_TIME, data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_TIME),
]


def table(rows: int, seed: int) -> Table:
    """Rows whose label is 1 more often for tab "a", for a high rate, for tag "x", and at night."""
    draw = np.random.default_rng(seed)
    tab, tag, hour = draw.choice(["a", "b", "c"], rows), draw.choice(["x", "y"], rows), draw.integers(0, 24, rows)
    rate = np.where(draw.random(rows) < 0.1, np.nan, draw.random(rows))
    logit = 2.0 * (tab == "a") + 2.0 * (tag == "x") + 3.0 * np.nan_to_num(rate) + 1.5 * (hour < 6) - 3.5
    texts = {"tab": tab.tolist(), "tags": [[value] for value in tag], "rate": rate}
    columns = {spec.name: to_column(spec, texts[spec.name]) for spec in INPUTS if spec.name in texts}
    columns["time"] = hour.astype(np.int64) * 3600
    labels = (draw.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.float32)
    return Table(columns, labels)


@pytest.fixture(scope="module")
def splits() -> Splits:
    return Splits(table(1500, 1), table(500, 2), table(500, 3))


@pytest.mark.parametrize(
    ("fit", "least"),
    [(hashed_logistic_regression, 0.78), (gradient_boosted_trees, 0.72)],  # the trees read no lists
)
def test_a_peer_predicts_what_it_was_not_fitted_to(fit: object, least: float, splits: Splits) -> None:
    assert callable(fit)
    peer = fit(INPUTS, splits, 0.0)
    scores = peer(splits.test)
    assert roc_auc_score(splits.test.labels, scores) > least
    unknown = splits.test.take(np.arange(3))
    unknown.columns["tab"][:] = "new"
    assert np.all((peer(unknown) > 0) & (peer(unknown) < 1))
