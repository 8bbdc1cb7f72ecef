"""Adult's files become flat tables, or an error that names the file."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from examples.adult.compare import summarise
from examples.adult.convert import LABEL, convert
from training.errors import DataError

ROW = "39, State-gov, 77516, Bachelors, 13, Never-married, ?, Not-in-family, White, Male, 2174, 0, 40, Cuba, >50K"


def write(folder: Path, *, train: list[str], test: list[str]) -> Path:
    (folder / "adult.data").write_text("\n".join(train) + "\n\n", encoding="utf-8")
    (folder / "adult.test").write_text("|1x3 Cross validator\n" + "\n".join(test) + "\n", encoding="utf-8")
    return folder


def test_the_test_file_is_the_test_and_every_tenth_training_row_is_for_validation(tmp_path: Path) -> None:
    rows = [f"{age}{ROW[2:]}" for age in range(20, 40)]
    write(tmp_path, train=rows, test=[f"{ROW[:-4]}<=50K."])
    tables = {split: pq.read_table(path) for split, path in convert(tmp_path, tmp_path / "out").items()}
    assert {split: table.num_rows for split, table in tables.items()} == {"train": 18, "validation": 2, "test": 1}
    assert tables["validation"]["age"].to_pylist() == [20, 30]
    assert tables["test"][LABEL].to_pylist() == [0]


def test_blanks_are_trimmed_and_question_marks_are_nulls(tmp_path: Path) -> None:
    write(tmp_path, train=[ROW, ROW], test=[f"{ROW}."])
    (row,) = pq.read_table(convert(tmp_path, tmp_path / "out")["train"]).to_pylist()
    assert (row["age"], row["education"], row["occupation"], row[LABEL]) == (39, "Bachelors", None, 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [(f"{ROW[:-4]}rich", "income is 'rich', expected one of <=50K, >50K"), ("1, 2", "adult.data can't be read")],
)
def test_a_file_that_is_not_as_published_is_an_error_that_names_it(tmp_path: Path, row: str, message: str) -> None:
    write(tmp_path, train=[row], test=[ROW])
    with pytest.raises(DataError, match=message):
        convert(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_summary_is_of_one_part_over_its_seeds() -> None:
    figures = {"accuracy": 0.8, "auc": 0.9, "log_loss": 0.3}
    runs = [{"part": "deep", **figures}, {"part": "deep", **figures, "auc": 0.7}, {"part": "wide", **figures}]
    summary = summarise(runs, "deep")
    assert summary["auc"] == pytest.approx({"mean": 0.8, "deviation": 0.1414214})
    assert summary["accuracy"]["deviation"] == pytest.approx(0)
