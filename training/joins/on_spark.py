"""The join on Spark, for when one machine is not enough.

Where Spark runs is for its own settings to say: ``spark-defaults.conf``, or PYSPARK_SUBMIT_ARGS. The files of the
features and the folder to write have to be at the same paths on all its machines.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from training.errors import DataError
from training.joins.day import DayJoin
from training.joins.sql import DAY_ROWS, ROW, source_table

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


class SparkEngine:
    """Joins in a Spark session."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)

    def write(self, join: DayJoin, folder: Path) -> None:
        """See `training.joins.day.Engine`."""
        rows = join.rows.append_column(ROW, pa.array(np.arange(join.rows.num_rows)))
        try:
            self._session.createDataFrame(rows).createOrReplaceTempView(DAY_ROWS)
            for number, files in enumerate(join.files):
                read = self._session.read.parquet(*(file.path for file in files))
                read.createOrReplaceTempView(source_table(number))
            self._session.sql(join.sql("TIMESTAMP")).write.parquet(folder.absolute().as_uri())
        except (PySparkException, Py4JJavaError) as error:
            raise DataError(f"the features can't be joined on Spark: {_first_line(error)}") from error


def start_spark() -> SparkEngine:
    """Returns an engine on a new session, or on the one of this process.

    Raises:
        DataError: Spark does not start; it needs Java.
    """
    try:
        return SparkEngine(SparkSession.builder.appName("paceline").getOrCreate())
    except (PySparkException, OSError) as error:
        raise DataError(f"Spark does not start: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Returns what Java says before it lists where it said so."""
    found = str(error.java_exception.getMessage()) if isinstance(error, Py4JJavaError) else str(error)
    return found.strip().partition("\n")[0]
