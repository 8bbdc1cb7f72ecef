"""How the lists that `paceline batch-score` writes are laid out, which a server reads when the model can't rank.

A folder of Parquet files ``shard-*.parquet``: a row for each member, rising by the member key, with the columns
below and the key. A file is written aside and renamed into place.
"""

from pathlib import Path

from contract.profile import data_dir

FILES = "shard-*.parquet"
CLASS_IDS = "ranked_class_ids"
SCORES = "ranked_scores"
VERSION = "ranking_version"

GROUP_ROWS = 200
"""Members in a row group, which is what is read to find one: a millisecond at 100 classes each."""


def default_folder(repo: Path) -> Path:
    """Returns where they are unless one says otherwise: ``recommendations`` in the folder of all data."""
    return data_dir(repo) / "recommendations"
