"""What was served beside what was trained on, input by input."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contract.cells import CellStatus
from contract.distributions import LEAST_COUNT, InputTally
from contract.served import INPUTS, contract_hash, served_files
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from training.arrow_columns import ColumnReader
from training.errors import DataError

_COLUMNS = ("model", "version", "position", "feature_rows", INPUTS)


@dataclass(frozen=True, slots=True)
class InputSkew:
    """How far what was served of an input is from what was trained on.

    Attributes:
        feature: The name of the input.
        view: The feature view that holds it, "" if none does.
        is_of_class: Whether it is of the classes that were returned. Another ranking returns others, so that it
            moves without anything being wrong.
        count: Of the values looked at: a member's once for each answer, a class's for each time on a page.
        stability_index: See `contract.distributions.stability_index`; None with fewer than `LEAST_COUNT` values.
        jensen_shannon: See `contract.distributions.jensen_shannon`; None with fewer.
        null_served: The share of the served that has no value, for whatever reason.
        null_trained: That of the rows trained on.
        stale: The share of the answers whose row in the view had outlived its TTL; None but for members' views.
        missing: The share of the answers that found no row in the view; None but for members' views.
    """

    feature: str
    view: str
    is_of_class: bool
    count: int
    stability_index: float | None
    jensen_shannon: float | None
    null_served: float
    null_trained: float
    stale: float | None
    missing: float | None

    def is_above(self, limit: float) -> bool:
        """Whether it moved further than a limit of the stability index, which nothing of a class is held to."""
        return not self.is_of_class and self.stability_index is not None and self.stability_index > limit


@dataclass(frozen=True, slots=True)
class Skew:
    """What was served of one version beside what it was trained on.

    Attributes:
        model: The name of the model.
        version: The version.
        answer_count: How many answers were looked at.
        features: The inputs that have a profile, the one that moved furthest first.
    """

    model: str
    version: int
    answer_count: int
    features: list[InputSkew]


class _Served:
    """Adds up what was served of a version, file by file."""

    def __init__(self, manifest: pb.Manifest) -> None:
        specs = {spec.name: spec for spec in manifest.inputs}
        self._manifest = manifest
        self._tallies = [
            (specs[p.input_name], p, InputTally(specs[p.input_name], p)) for p in manifest.input_profiles
        ]
        self._statuses: Counter[tuple[str, str]] = Counter()
        self._reader = ColumnReader()
        self.answer_count = 0

    def add(self, rows: pa.Table) -> None:
        of_version = pc.and_(
            pc.equal(rows["model"], self._manifest.model_name), pc.equal(rows["version"], self._manifest.version)
        )
        rows = rows.filter(of_version)
        answers = rows.filter(pc.equal(rows["position"], 0))
        self.answer_count += answers.num_rows
        of_rows, of_answers = (table[INPUTS].combine_chunks() for table in (rows, answers))
        for spec, _, tally in self._tallies:
            values = (of_rows if spec.source in CLASS_SIDE else of_answers).field(spec.name)
            tally.add(self._reader.read(spec, pa.chunked_array([values])))
        for found in answers["feature_rows"].to_pylist():
            self._statuses.update((row["view"], row["status"]) for row in found)

    def skews(self) -> Iterator[InputSkew]:
        views = {view for view, _ in self._statuses}
        for spec, profile, tally in self._tallies:
            has_enough, is_told = tally.count >= LEAST_COUNT, spec.feature_view in views
            yield InputSkew(
                feature=spec.name,
                view=spec.feature_view,
                is_of_class=spec.source in CLASS_SIDE,
                count=int(tally.count),
                stability_index=tally.stability_index() if has_enough else None,
                jensen_shannon=tally.jensen_shannon() if has_enough else None,
                null_served=tally.missing_share,
                null_trained=profile.missing_share,
                stale=self._share(spec.feature_view, CellStatus.STALE) if is_told else None,
                missing=self._share(spec.feature_view, CellStatus.MISSING) if is_told else None,
            )

    def _share(self, view: str, status: CellStatus) -> float:
        return self._statuses[view, status.name] / self.answer_count


def measure_skew(log: Path, manifest: pb.Manifest, first: date) -> Skew:
    """Compares what was served of a version with what it was trained on.

    Args:
        log: The folder of the served-feature log.
        manifest: The version's.
        first: The first day of the log to look at, in UTC.

    Raises:
        DataError: The version has no profiles, nothing of it was logged since, or a file can't be read.
    """
    name = f"version {manifest.version} of {manifest.model_name!r}"
    if not manifest.input_profiles:
        raise DataError(f"{name} has no profiles of its inputs in its manifest; train a version that has")
    served = _Served(manifest)
    for rows in _read(log, manifest, first):
        served.add(rows)
    if not served.answer_count:
        raise DataError(f"{log} holds no answer of {name} since {first}; `paceline serve --log-served` logs them")
    worst_first = sorted(served.skews(), key=_index, reverse=True)
    return Skew(manifest.model_name, manifest.version, served.answer_count, worst_first)


def _index(skew: InputSkew) -> float:
    return -1.0 if skew.stability_index is None else skew.stability_index


def _read(log: Path, manifest: pb.Manifest, first: date) -> Iterator[pa.Table]:
    contract = contract_hash(manifest.feature_source, manifest.inputs, manifest.on_demand_views)
    for file in served_files(log):
        if file.contract == contract and file.day >= first:
            try:
                yield pq.ParquetFile(file.path).read(_COLUMNS)
            except FileNotFoundError:
                continue  # a server has made room meanwhile
            except (pa.ArrowException, OSError) as error:
                raise DataError(f"{file.path} can't be read: {error}") from None
