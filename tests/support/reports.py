"""A small ranking model with all that a report tells of."""

from dataclasses import replace
from typing import Any

import numpy as np

from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import CROSSES, RANKING_INPUTS, draw_rows
from training.baselines import Subject, ranking_baselines
from training.candidate import Candidate
from training.evaluation import MODEL, measure
from training.model.fit import fit
from training.model.spec import ModelSpec
from training.report.statistics import summarise
from training.report.subject import Reported
from training.slices import Slicing, slices
from training.split import Splits
from training.table import Table

FIRST_DAY = 20_000 * 86_400
SOURCE = pb.FeatureSource(member_key="member_id", class_key="class_id")


def ranking_candidate(rows: int = 1500, **fields: Any) -> Candidate:
    """Returns a fitted ranking model with four days of training, one of validation and one of test."""
    quick: dict[str, Any] = {"epochs": 2, "batch_size": 100, "layer_sizes": (16,), "embedding_size": 4}
    crosses = tuple(tuple(cross) for cross in CROSSES)
    spec = ModelSpec(**{**quick, "crosses": crosses, "wide_l1": 0.1, "wide_learning_rate": 0.1, **fields})
    splits = Splits(_days(rows, 1, 0, 4), _days(rows // 2, 3, 4, 5), _days(rows // 2, 5, 5, 6))
    model = fit(RANKING_INPUTS, splits.train, splits.validation, spec, lambda *_: None)
    train = splits.train
    baselines = ranking_baselines("class_id", train.columns["class_id"], train.labels)
    return _candidate(Candidate(model, RANKING_INPUTS, SOURCE, splits, spec, baselines, {}, []))


def flat_candidate(candidate: Candidate) -> Candidate:
    """Returns the same as if it were of flat tables."""
    splits = candidate.splits
    flat = [Table(table.columns, table.labels) for table in (splits.train, splits.validation, splits.test)]
    return _candidate(replace(candidate, source=None, splits=Splits(*flat), baselines=[]))


def reported(candidate: Candidate, **fields: Any) -> Reported:
    """Returns all that is known of a model, without a serving version and without the truth."""
    train, test = candidate.splits.train, candidate.splits.test
    manifest = pb.Manifest(model_name="ranking", version=3, metrics=candidate.metrics)
    by = Slicing(train, candidate.inputs, candidate.source)
    found: dict[str, Any] = {
        "manifest": manifest,
        "candidate": candidate,
        "slices": slices(test, by),
        "statistics": summarise(candidate.inputs, train.columns, train.labels),
    }
    return Reported(**(found | fields))


def _days(rows: int, seed: int, first: int, end: int) -> Table:
    table = draw_rows(rows, seed)
    times = np.linspace(FIRST_DAY + first * 86_400, FIRST_DAY + end * 86_400 - 1, rows).astype(np.int64)
    return Table({**table.columns, "request_time": times}, table.labels, table.columns["member_id"], times)


def _candidate(candidate: Candidate) -> Candidate:
    tables = {"validation": candidate.splits.validation, "test": candidate.splits.test}
    scores = {split: candidate.model.predict(table.columns) for split, table in tables.items()}
    subject = Subject(MODEL, lambda table: candidate.model.predict(table.columns))
    metrics = measure([subject, *candidate.baselines], tables, lambda *_: None)
    return replace(candidate, scores=scores, metrics=metrics)
