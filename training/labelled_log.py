"""The served-feature log with labels.

``served_labels.sql`` of a feature repository is one DuckDB query over the raw tables of a world. It yields
``request_id``, the class key and the label of every class of an answer that was shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from contract.served import INPUTS, ServedFile
from training.errors import DataError
from training.rows import EVENT_TIME

LABELS_FILE = "served_labels.sql"
_LOG, _LABELS = "the served log", "the labels"
"""Names that no raw table has, as they have spaces."""


@dataclass(frozen=True, slots=True)
class LabelledLog:
    """Joins what was served with its labels, on a connection that has the raw tables.

    Attributes:
        origin: The file of the query.
        files: The files of the log.
        inputs: The inputs to read.
        class_key: The query's column of class ids.
        label: Its column of labels.
        position: What to call the position; None to leave it out.
    """

    origin: Path
    files: Sequence[ServedFile]
    inputs: Sequence[str]
    class_key: str
    label: str
    position: str | None

    def read(self, connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation:
        """Returns the rows that the query labels; see `training.rows.ReadRows`.

        Raises:
            DataError: The query yields other columns, one class of an answer twice, or none that was logged.
        """
        labels = connection.sql(query)
        expected = {"request_id", self.class_key, self.label}
        if labels is None or not expected <= set(labels.columns):
            raise DataError(f"{self.origin} yields other columns than {', '.join(sorted(expected))}")
        labels.create(_LABELS)
        there = [str(file.path) for file in self.files if file.path.exists()]  # a server makes room meanwhile
        connection.read_parquet(there, hive_partitioning=False).create_view(_LOG)
        self._check(connection)
        return connection.sql(self._sql())

    def _check(self, connection: duckdb.DuckDBPyConnection) -> None:
        ((count, different, served),) = connection.sql(f"""
            SELECT count(*), count(DISTINCT (request_id, "{self.class_key}")),
                count(*) FILTER (request_id IN (SELECT request_id FROM "{_LOG}"))
            FROM "{_LABELS}" WHERE request_id IS NOT NULL
        """).fetchall()  # noqa: S608 - names of our own, and a key in quotes
        if different < count:
            raise DataError(f"{self.origin} yields {count - different} classes of an answer more than once")
        if not served:
            raise DataError(f"{self.origin} yields {count} rows, none of them of an answer in the log")

    def _sql(self) -> str:
        """Returns the join. Of answers with one id, such as those of a call that was repeated, the last counts."""
        inputs = ", ".join(f'log.{INPUTS}."{name}" AS "{name}"' for name in self.inputs)
        position = f', log.position AS "{self.position}"' if self.position else ""
        return f"""
            SELECT log.request_time AS {EVENT_TIME}, labels."{self.label}" AS "{self.label}"{position}, {inputs}
            FROM (
                SELECT * FROM "{_LOG}"
                QUALIFY row_number() OVER (PARTITION BY request_id, class_id ORDER BY request_time DESC) = 1
            ) AS log
            JOIN "{_LABELS}" AS labels
                ON labels.request_id = log.request_id AND labels."{self.class_key}" = log.class_id
        """  # noqa: S608 - names of features, in quotes
