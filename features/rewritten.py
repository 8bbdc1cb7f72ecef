"""Which views have rows that were rewritten though they were online, and are not online again yet.

A mark beside the rows says so from before the first of them changes until all are online, whatever is killed.
"""

from pathlib import Path

from feast import FeatureView

from features.day_files import rows_folder

_MARK = ".rewritten"


def mark(view: FeatureView) -> None:
    """Notes that rows of a view are rewritten that were online."""
    path = _path(view)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def is_marked(view: FeatureView) -> bool:
    """Tells whether rows of a view were rewritten since they were online."""
    return _path(view).exists()


def unmark(view: FeatureView) -> None:
    """Notes that all rows of a view are online."""
    _path(view).unlink(missing_ok=True)


def _path(view: FeatureView) -> Path:
    return rows_folder(view) / _MARK
