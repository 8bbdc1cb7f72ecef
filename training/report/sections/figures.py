"""The metrics of the model beside those of what it has to beat."""

from training.report.page import Rows, Section, Text
from training.report.subject import Reported


def figures(reported: Reported) -> Section:
    """Returns a table of metrics for each split, and the warnings."""
    tables = [_table(reported, split) for split in ("test", "validation")]
    return Section("Metrics", [*map(Text, reported.candidate.warnings), *tables])


def _table(reported: Reported, split: str) -> Rows:
    values = {(m.name, m.subject): m.value for m in reported.manifest.metrics if m.split == split}
    names = dict.fromkeys(name for name, _ in values)
    subjects = dict.fromkeys(subject for _, subject in values)
    rows = [(name.replace("_", " "), *(values.get((name, s), "") for s in subjects)) for name in names]
    count = len(getattr(reported.candidate.splits, split))
    return Rows(
        [split, *(s.replace("_", " ") for s in subjects)], rows, f"On the {count:,} rows of the {split} split."
    )
