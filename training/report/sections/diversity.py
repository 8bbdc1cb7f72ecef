"""What members would be shown: how much of the catalogue, how evenly, how varied, how novel."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from training.report.page import Rows, Section
from training.report.statistics import sample_rows
from training.report.subject import Reported
from training.split import day_numbers
from training.table import Table

DEPTH = 10
MOST_MEMBERS = 100
MOST_VALUES = 50
"""How many values an attribute of classes may have to tell how varied a list is."""
_SHOWN_ATTRIBUTES = 5


@dataclass(frozen=True, slots=True)
class TopLists:
    """The best classes of some members.

    Attributes:
        catalogue: One row of each class, with the columns of the class side.
        lists: The rows of the catalogue that each member would be shown, ``[members, depth]``.
    """

    catalogue: Table
    lists: NDArray[np.int64]


def diversity(reported: Reported) -> Section | None:
    """Returns the figures of the lists of a sample of members; None for flat tables."""
    source = reported.candidate.source
    if source is None:
        return None
    top = rank(reported, source)
    shown = np.bincount(top.lists.ravel(), minlength=len(top.catalogue))
    train = reported.candidate.splits.train
    popularity = pd.Series(train.columns[source.class_key]).value_counts(normalize=True)
    classes = top.catalogue.columns[source.class_key]
    shares = np.asarray(popularity.reindex(classes).fillna(1 / len(train)))
    members, depth = top.lists.shape
    rows: list[tuple[str, str, str]] = [
        ("coverage", f"{(shown > 0).mean():.1%}", "of the catalogue is in at least one list"),
        ("Gini coefficient", f"{gini(shown):.3f}", "0: all classes are shown equally often; 1: a single one is"),
        ("novelty", f"{-np.log2(shares[top.lists]).mean():.2f} bits",
         f"of surprise in a class shown; showing all equally would have {-np.log2(shares).mean():.2f}"),
    ]  # fmt: skip
    for spec in attributes(reported.candidate.inputs, top.catalogue):
        within, by_chance = _variety(top.catalogue.columns[spec.name], top.lists)
        explained = f"of pairs within a list differ; {by_chance:.1%} of pairs of the catalogue do"
        rows.append((f"variety by {spec.name}", f"{within:.1%}", explained))
    reading = (
        f"The {depth} best classes for each of {members:,} members, out of the {len(top.catalogue):,} classes "
        "seen on the newest day. No figure is good or bad by itself: a sudden change from model to model is news."
    )
    return Section(f"Coverage and diversity of the top {depth}", [Rows(["", "found", ""], rows, reading)])


def rank(reported: Reported, source: pb.FeatureSource) -> TopLists:
    """Returns the best classes of a sample of the members of the newest day, of the classes seen on it."""
    table = _newest_day(reported)
    members = _first_rows(table.columns[source.member_key])
    members = members[sample_rows(len(members), MOST_MEMBERS)]
    classes = _first_rows(table.columns[source.class_key])
    rows = {
        spec.name: np.tile(
            table.columns[spec.name][classes], (len(members), *[1] * (table.columns[spec.name].ndim - 1))
        )
        if spec.source in CLASS_SIDE
        else np.repeat(table.columns[spec.name][members], len(classes), axis=0)
        for spec in reported.candidate.inputs
    }
    scores = reported.candidate.model.predict(rows).reshape(len(members), len(classes))
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return TopLists(table.take(classes), best)


def gini(counts: NDArray[np.int64]) -> float:
    """Returns how unevenly counts are spread, 0 to 1."""
    ordered = np.sort(counts)
    places = np.arange(1, len(counts) + 1)
    return float((2 * places - len(counts) - 1) @ ordered / (len(counts) * ordered.sum()))


def attributes(inputs: Sequence[pb.Input], catalogue: Table) -> list[pb.Input]:
    """Returns the texts of the class side that tell few kinds of classes apart."""
    texts = [spec for spec in inputs if spec.source == pb.SOURCE_CLASS and spec.data_type == pb.DATA_TYPE_STRING]
    few = [spec for spec in texts if 1 < len(pd.unique(catalogue.columns[spec.name])) <= MOST_VALUES]
    return few[:_SHOWN_ATTRIBUTES]


def _variety(values: NDArray[Any], lists: NDArray[np.int64]) -> tuple[float, float]:
    """Returns the share of pairs with different values, within the lists and in the catalogue."""
    codes = pd.factorize(values)[0]
    within = [_different(codes[chosen]) for chosen in lists]
    return float(np.mean(within)), _different(codes)


def _different(codes: NDArray[np.int64]) -> float:
    pairs = math.comb(len(codes), 2)
    counts = np.bincount(codes)
    return 1 - float((counts * (counts - 1) / 2).sum()) / pairs if pairs else 0.0


def _newest_day(reported: Reported) -> Table:
    table = reported.table
    if table.times is None:
        return table
    days = day_numbers(table.times, timedelta(hours=reported.candidate.spec.utc_offset_hours))
    return table.take(days == days.max())


def _first_rows(ids: NDArray[Any]) -> NDArray[np.int64]:
    return pd.Series(ids).drop_duplicates().index.to_numpy()
