"""What can stop a training.

TrainingError
├── DataError      the rows can't be trained or evaluated on
├── SpecError      the specification is wrong
├── PublishError   the version could not be written
└── TuningError    the search can't go on
"""


class TrainingError(Exception):
    """A training can't go on. The message names the file, column or key, what was found and what was expected."""


class DataError(TrainingError):
    """The rows are missing, unreadable, or not what a training needs."""


class SpecError(TrainingError):
    """The specification has an unknown key or a value out of range."""


class PublishError(TrainingError):
    """The version could not be written; nothing of it is visible."""


class TuningError(TrainingError):
    """The folder of a search is that of another or of a running one, can't be written, or no trial succeeded."""
