"""Converts Adult (Census Income) into flat tables with its canonical split.

The publishers' training file gives the training and the validation rows, their test file the test rows.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute, csv

from training.errors import DataError

LABEL = "income_over_50k"
VALIDATION_EVERY = 10
"""Of the publishers' training rows, every tenth is for validation."""
COLUMNS = (
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship"),
    *("race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"),
)
_INCOMES = {"<=50K": 0, ">50K": 1}


def convert(source: Path, out: Path) -> dict[str, Path]:
    """Writes ``train``, ``validation`` and ``test`` as Parquet files, and returns them by split.

    Args:
        source: The folder that holds ``adult.data`` and ``adult.test``.
        out: Where to write; made if it does not exist.

    Raises:
        DataError: A file is missing, or a row of it has other columns or another income than published.
    """
    rows = _read(source / "adult.data", skipped=0)
    is_validation = np.arange(rows.num_rows) % VALIDATION_EVERY == 0
    splits = {
        "train": rows.filter(~is_validation),
        "validation": rows.filter(is_validation),
        "test": _read(source / "adult.test", skipped=1),
    }
    out.mkdir(parents=True, exist_ok=True)
    return {name: _write(out / f"{name}.parquet", table) for name, table in splits.items()}


def _read(path: Path, *, skipped: int) -> pa.Table:
    try:
        rows = csv.read_csv(path, read_options=csv.ReadOptions(column_names=COLUMNS, skip_rows=skipped))
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{path} can't be read: {error}") from None
    return _label(path, _trimmed(rows))


def _trimmed(rows: pa.Table) -> pa.Table:
    """Returns the rows without the blank that follows each comma, and null for `?`."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            texts = compute.utf8_trim_whitespace(rows[field.name])
            known = compute.if_else(compute.equal(texts, "?"), None, texts)
            rows = rows.set_column(place, field.name, known)
    return rows


def _label(path: Path, rows: pa.Table) -> pa.Table:
    labels = []
    for income in rows["income"].to_pylist():
        label = _INCOMES.get((income or "").removesuffix("."))
        if label is None:
            raise DataError(f"{path}: income is {income!r}, expected one of {', '.join(_INCOMES)}")
        labels.append(label)
    return rows.drop_columns(["income"]).append_column(LABEL, pa.array(labels))


def _write(path: Path, rows: pa.Table) -> Path:
    aside = path.with_suffix(".partial")
    pq.write_table(rows, aside)
    return aside.rename(path)
