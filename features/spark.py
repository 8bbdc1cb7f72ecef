"""Reading and writing on Spark through Feast, where a profile says so."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from feast import FeatureStore


@contextmanager
def offline_session(store: FeatureStore) -> Iterator[None]:
    """Has the profile's Spark, if it names one, do what the block asks of the offline store or the engine.

    Feast's Spark engine would start a session of its own that knows nothing of the profile's `spark_conf`, and the
    store prints to standard output. The workers run the Python of this process, unless PYSPARK_PYTHON says
    otherwise: they need Feast, too.
    """
    if store.config.offline_store.type == "spark":
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        # Not imported above: PySpark may not be installed.
        from feast.infra.offline_stores.contrib.spark_offline_store import spark  # noqa: PLC0415

        spark.get_spark_session_or_start_new_with_repoconfig(store.config.offline_store)
    with redirect_stdout(sys.stderr):
        yield
