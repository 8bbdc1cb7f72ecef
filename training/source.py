"""Where the rows of a ranking model come from: joined with what was known then, or logged as they were served."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from features.days import Days
from training.inputs import ServiceInputs
from training.progress import Progress
from training.spec import RankingSpec, TruthSpec
from training.table import Table


class RankingRows(Protocol):
    """The rows of a training, which a day at a time are read into tables."""

    inputs: ServiceInputs
    days: Days

    def day_range(self) -> tuple[date, date]:
        """Returns the first day with rows, and the last that is known of."""
        ...

    def load(self, first: date, last: date, progress: Progress) -> Table:
        """Returns the rows from one day to another, both included, in the order of their times.

        Raises:
            ContractError: A feature is of another type than it was registered with.
            DataError: There are none, or they can't be read.
        """
        ...

    def on_demand_views(self) -> Sequence[pb.OnDemandView]:
        """Returns what computes some of the inputs, with golden rows."""
        ...

    def true_probabilities(self, truth: TruthSpec, first: date, last: date, /) -> NDArray[np.float64] | None:
        """Returns the true probability of each row of days that were loaded; None where nobody knows them."""
        ...


class RankingSource(Protocol):
    """Somewhere that rows are."""

    def open(self, spec: RankingSpec) -> RankingRows:
        """Returns its rows for a training.

        Raises:
            ContractError: A tag of the feature service or of a feature is wrong.
            DataError: The service can't be read by a model, or the rows lack a column.
            FeatureError: The repository can't be opened, or the service is not registered.
        """
        ...
