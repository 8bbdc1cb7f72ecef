"""What others would train on the same rows: a hashed logistic regression and gradient-boosted trees.

Both read every scalar input of the model, aggregates and ids included, and the regression its lists too. Their
settings were chosen on the validation day, as the model's were.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import LogisticRegression

from contract.columns import missing_marker
from contract.stubs import manifest_pb2 as pb
from training.model.numbers import quantile_boundaries
from training.split import Splits
from training.table import Table

Scores = NDArray[np.float64]
Peer = Callable[[Table], Scores]

HASHED_COLUMNS = 2**20
BUCKETS = 20
_PENALTY = 0.01
"""The inverse strength of the regression's L2."""
MOST_CATEGORIES = 400
"""Columns with more values are left out of the trees, which do worse with them."""
_TREES: Mapping[str, Any] = {
    "n_estimators": 3000,
    "num_leaves": 31,
    "learning_rate": 0.03,
    "min_child_samples": 100,
    "colsample_bytree": 0.5,
    "subsample": 0.8,
    "subsample_freq": 1,
    "reg_lambda": 10.0,
    "cat_smooth": 50.0,
    "n_jobs": 1,  # threads that wait for each other cost more than they gain here
    "verbose": -1,
}
_PATIENCE = 50


def hashed_logistic_regression(inputs: Sequence[pb.Input], splits: Splits, utc_offset_hours: float) -> Peer:
    """Returns a logistic regression on a column for each value, hashed; numbers are cut into quantile buckets."""
    numbers = [spec for spec in inputs if _is_number(spec)]
    boundaries = {spec.name: quantile_boundaries(splits.train.columns[spec.name], BUCKETS) for spec in numbers}

    def encode(table: Table) -> Any:
        hasher = FeatureHasher(HASHED_COLUMNS, input_type="string", alternate_sign=False)
        columns = list(_tokens(inputs, table, boundaries, utc_offset_hours))
        return hasher.transform(
            [token for tokens in row for token in tokens] for row in zip(*columns, strict=True)
        )

    train = encode(splits.train)
    used = np.unique(train.indices)  # the weights of all other columns stay 0
    model = LogisticRegression(C=_PENALTY, max_iter=200).fit(train[:, used], splits.train.labels)
    return lambda table: _positive(model, encode(table)[:, used])


def gradient_boosted_trees(inputs: Sequence[pb.Input], splits: Splits, utc_offset_hours: float) -> Peer:
    """Returns LightGBM's trees on the scalars, stopped early by the validation rows."""
    frames = _Frames(inputs, splits.train, utc_offset_hours)
    model = lightgbm.LGBMClassifier(random_state=1, **_TREES)
    model.fit(
        frames.of(splits.train),
        splits.train.labels,
        eval_X=(frames.of(splits.validation),),
        eval_y=(splits.validation.labels,),
        eval_metric="auc",
        callbacks=[lightgbm.early_stopping(_PATIENCE, first_metric_only=True, verbose=False)],
    )
    return lambda table: _positive(model, frames.of(table))


class _Frames:
    """Scalar inputs as a data frame, categories numbered as in the training rows."""

    def __init__(self, inputs: Sequence[pb.Input], train: Table, utc_offset_hours: float) -> None:
        self._offset = utc_offset_hours
        scalars = [spec for spec in inputs if not spec.list_length]
        self._numbers = [spec for spec in scalars if _is_number(spec)]
        self._times = [spec for spec in scalars if spec.encoding == pb.ENCODING_TIME]
        texts = [spec.name for spec in scalars if spec.encoding == pb.ENCODING_VOCABULARY]
        values = {name: list(pd.unique(train.columns[name])) for name in texts}
        self._categories = {name: found for name, found in values.items() if len(found) <= MOST_CATEGORIES}

    def of(self, table: Table) -> pd.DataFrame:
        numbers = {spec.name: table.columns[spec.name] for spec in self._numbers}
        hours = {spec.name: _hours(table.columns[spec.name], self._offset) for spec in self._times}
        categories = {
            name: pd.Categorical(table.columns[name], categories=found) for name, found in self._categories.items()
        }
        return pd.DataFrame({**numbers, **hours, **categories})


def _tokens(
    inputs: Sequence[pb.Input], table: Table, boundaries: Mapping[str, NDArray[np.float32]], offset: float
) -> Iterator[Sequence[Sequence[str]]]:
    """Yields for each input the tokens of every row."""
    for spec in inputs:
        column = table.columns[spec.name]
        if spec.name in boundaries:
            column = np.where(
                np.isfinite(column), np.searchsorted(boundaries[spec.name], column, side="right"), -1
            )
        elif spec.encoding == pb.ENCODING_TIME:
            column = _hours(column, offset)
        if spec.list_length:
            missing = missing_marker(spec)
            yield [[f"{spec.name}={value}" for value in set(row) if value != missing] for row in column.tolist()]
        else:
            yield [[f"{spec.name}={value}"] for value in column.tolist()]


def _hours(times: NDArray[np.int64], utc_offset_hours: float) -> NDArray[np.int64]:
    return (times + round(utc_offset_hours * 3600)) // 3600 % 24


def _is_number(spec: pb.Input) -> bool:
    return spec.encoding in (pb.ENCODING_NUMERIC, pb.ENCODING_LOG) and not spec.list_length


def _positive(model: Any, rows: Any) -> Scores:
    return np.asarray(model.predict_proba(rows))[:, 1]
