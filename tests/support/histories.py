"""A small world with its features, as a training finds it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from features.apply import apply
from features.materialize import materialize
from features.repository import load_definitions, open_store
from tests.support.feature_repos import write_repository
from tests.support.worlds import Size, write_world
from training.dataset import History

LAST_DAY = date(2026, 3, 6)
SIZE = Size(members=30, classes=15, days=6, impressions_per_day=120)
TRAINING = """
[dataset]
feature_service = "small_v1"
label = "started"
position = "position"

[context]
surface = "String"

[truth]
table = "truth"
row_id = "impression_id"
probability = "probability"

[model]
crosses = [["surface", "class_minutes"]]
layer_sizes = [8]
embedding_size = 2
epochs = 2
"""
ROWS = """
SELECT impression_id, member_id, class_id, event_time AS event_timestamp, surface, position,
    impression_id IN (SELECT impression_id FROM starts) AS started
FROM impressions
"""


def write_history(folder: Path, changes: Mapping[str, str] | None = None) -> History:
    """Writes a feature repository and a world, registers the definitions and computes the features.

    Args:
        folder: Where.
        changes: What to write in place of a file of the repository, by its path.
    """
    repo = write_repository(folder, {"training.toml": TRAINING, "training_rows.sql": ROWS, **(changes or {})})
    world = folder / "data" / "world"
    write_world(world, last_day=LAST_DAY, size=SIZE)
    _write_truth(world)
    store = open_store(repo, environment={})
    apply(store, load_definitions(repo))
    now = datetime(2026, 3, 7, 12, tzinfo=UTC)
    materialize(repo, store, world, until=None, rebuild=False, now=now, progress=lambda *_: None)
    return History(repo, "", world)


def _write_truth(world: Path) -> None:
    """Writes 0.9 for what was started and 0.1 for all else, which no model reaches."""
    (world / "truth").mkdir()
    rows = f"""
        SELECT impression_id, CASE WHEN impression_id IN (SELECT impression_id FROM '{world}/starts/*/*.parquet')
            THEN 0.9 ELSE 0.1 END AS probability
        FROM '{world}/impressions/*/*.parquet'
    """  # noqa: S608 - a path of our own
    duckdb.connect().sql(rows).write_parquet(str(world / "truth" / "truth.parquet"))
