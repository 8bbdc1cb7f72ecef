"""Spark in a process of its own, as `paceline dataset` has it.

PySpark forks to start Java, which a process with the threads of TensorFlow, OpenVINO and gRPC may not survive.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from pyspark.sql import SparkSession

from tests.support.java import require_java
from training.joins.day import DayJoin
from training.joins.on_spark import SparkEngine


class SparkProcess:
    """An `Engine` whose session is in another process."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def write(self, join: DayJoin, folder: Path) -> None:
        """See `training.joins.day.Engine`."""
        self._pool.submit(_write, join, folder).result()


@contextmanager
def spark_process() -> Iterator[SparkProcess]:
    """Yields an engine with two threads."""
    require_java()
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        yield SparkProcess(pool)


def _write(join: DayJoin, folder: Path) -> None:
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    SparkEngine(builder.config("spark.sql.shuffle.partitions", "4").getOrCreate()).write(join, folder)
