"""The specification of a training: a TOML file, one kind for a feature repository and one for flat tables.

For a feature repository, ``training.toml``::

    [dataset]
    feature_service = "ranking_v1"
    label = "started"            # a column of training_rows.sql, as are the context columns
    position = "position"        # a column that says where on its page a row was shown, from 0; optional

    [context]                    # what requests bring with them, by Feast type; optional
    surface = "String"

    [split]                      # the last days of training and validation; optional
    train_until = 2026-11-20
    validate_until = 2026-11-21

    [truth]                      # a table of a simulated world with the true probabilities; optional
    table = "truth"
    row_id = "impression_id"     # a column of the table and of training_rows.sql
    probability = "probability"

    [model]                      # see `training.model.spec`; optional

    [gate]                       # see `training.gate.spec`; optional

For flat tables::

    [inputs.age]                 # see `contract.tags`; a column's type says the rest
    encoding = "log"
    default = 0

    [inputs.row_number]
    ignore = true

    [inputs.rank]                # no input, but where on its page a row was shown, from 0
    position = true

    [model]

    [gate]
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from training.errors import SpecError
from training.gate.spec import GateSpec
from training.model.spec import ModelSpec

S = TypeVar("S", "DatasetSpec", "SplitSpec", "TruthSpec")
_EXPECTED = {str: "a text", date: "a date, such as 2026-11-20", dict: "a table"}


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """Which features are read and what is predicted.

    The position is for the training only, which explains its bias away; see `training.model.position`.
    """

    feature_service: str
    label: str
    position: str | None = None


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """The last day of the training and of the validation split; None is left to `training.split.choose_days`."""

    train_until: date | None = None
    validate_until: date | None = None


@dataclass(frozen=True, slots=True)
class TruthSpec:
    """Where the true probability of each row is."""

    table: str
    row_id: str
    probability: str


@dataclass(frozen=True, slots=True)
class RankingSpec:
    """What to train for a feature repository."""

    dataset: DatasetSpec
    context: Mapping[str, str]
    split: SplitSpec
    truth: TruthSpec | None
    model: ModelSpec
    gate: GateSpec

    def with_split(self, train_until: date | None, validate_until: date | None) -> "RankingSpec":
        """Returns the same with the days of the split that are given."""
        days = SplitSpec(train_until or self.split.train_until, validate_until or self.split.validate_until)
        return replace(self, split=days)

    def to_toml(self) -> str:
        """Returns the file that `parse_ranking_spec` takes back."""
        truth = _lines("truth", asdict(self.truth)) if self.truth else ""
        tables = _lines("dataset", asdict(self.dataset)) + _lines("context", self.context)
        split, gate = _lines("split", asdict(self.split)), _lines("gate", asdict(self.gate))
        return f"{tables}{split}{truth}{gate}[model]\n{self.model.to_toml()}"


@dataclass(frozen=True, slots=True)
class FlatSpec:
    """What to train on flat tables."""

    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    model: ModelSpec = field(default_factory=ModelSpec)
    gate: GateSpec = field(default_factory=GateSpec)

    def to_toml(self) -> str:
        """Returns the file that `parse_flat_spec` takes back."""
        inputs = "".join(_lines(f"inputs.{_literal(column)}", tags) for column, tags in self.inputs.items())
        return f"{inputs}{_lines('gate', asdict(self.gate))}[model]\n{self.model.to_toml()}"


def read_spec_file(path: Path) -> str:
    """Returns the text of a specification.

    Raises:
        SpecError: The file is missing or no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path} can't be read: {error}") from None


def parse_ranking_spec(text: str, origin: str, model_flags: Mapping[str, Any]) -> RankingSpec:
    """Returns the specification of a training for a feature repository.

    Args:
        text: The TOML.
        origin: The file that it is from, for messages.
        model_flags: Keys that win over those of ``[model]``.

    Raises:
        SpecError: It does not parse, lacks a key, or has an unknown one or one out of range.
    """
    document = _parse(text, origin, ("dataset", "context", "split", "truth", "model", "gate"))
    return RankingSpec(
        dataset=_section(document, origin, "dataset", DatasetSpec, str),
        context=_values(document, origin, "context", str),
        split=_section(document, origin, "split", SplitSpec, date),
        truth=_section(document, origin, "truth", TruthSpec, str) if "truth" in document else None,
        model=_model(document, origin, model_flags),
        gate=_gate(document, origin),
    )


def parse_flat_spec(text: str, origin: str, model_flags: Mapping[str, Any]) -> FlatSpec:
    """Returns the specification of a training on flat tables; see `parse_ranking_spec`."""
    document = _parse(text, origin, ("inputs", "model", "gate"))
    inputs = _values(document, origin, "inputs", dict)
    return FlatSpec(inputs, _model(document, origin, model_flags), _gate(document, origin))


def _parse(text: str, origin: str, known: Sequence[str]) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{origin} does not parse: {error}") from None
    for key, table in document.items():
        if key not in known:
            raise SpecError(f"{origin}: unknown key {key!r}, expected one of {', '.join(known)}")
        if not isinstance(table, dict):
            raise SpecError(f"{origin}: {key} is {table!r}, expected a table [{key}]")
    return document


def _section(document: Mapping[str, Any], origin: str, name: str, section: type[S], value_type: type) -> S:
    """Returns a table as its dataclass, each of whose fields is of `value_type`."""
    table = _values(document, origin, name, value_type)
    names = [f.name for f in fields(section)]
    for key in table:
        if key not in names:
            raise SpecError(f"{origin}: unknown key {name}.{key}, expected one of {', '.join(names)}")
    for f in fields(section):
        if f.default is MISSING and f.name not in table:
            raise SpecError(f"{origin} lacks the key {name}.{f.name}")
    return section(**table)


def _values(document: Mapping[str, Any], origin: str, name: str, value_type: type) -> Mapping[str, Any]:
    table: Mapping[str, Any] = document.get(name, {})
    for key, value in table.items():
        if type(value) is not value_type:
            raise SpecError(f"{origin}: {name}.{key} is {value!r}, expected {_EXPECTED[value_type]}")
    return table


def _model(document: Mapping[str, Any], origin: str, flags: Mapping[str, Any]) -> ModelSpec:
    table = document.get("model", {})
    try:
        ModelSpec.from_mapping(table)
    except SpecError as error:
        raise SpecError(f"{origin}: {error}") from None
    return ModelSpec.from_mapping({**table, **flags})


def _gate(document: Mapping[str, Any], origin: str) -> GateSpec:
    try:
        return GateSpec.from_mapping(document.get("gate", {}))
    except SpecError as error:
        raise SpecError(f"{origin}: {error}") from None


def _lines(name: str, table: Mapping[str, Any]) -> str:
    """Returns a table as TOML; what is None is left out."""
    lines = (f"{_literal(key)} = {_literal(value)}\n" for key, value in table.items() if value is not None)
    return f"[{name}]\n{''.join(lines)}\n"


def _literal(value: Any) -> str:
    """Returns a value as TOML, whose texts are those of JSON, except that DEL has to be escaped too."""
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
