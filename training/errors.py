"""What can stop a training.

TrainingError
├── DataError      the rows can't be trained or evaluated on
├── SpecError      the specification is wrong
├── PublishError   the version could not be written
├── RefusedError   the gate does not let it through
└── TuningError    the search can't go on
"""

from contract.stubs.manifest_pb2 import Manifest


class TrainingError(Exception):
    """A training can't go on. The message names the file, column or key, what was found and what was expected."""


class DataError(TrainingError):
    """The rows are missing, unreadable, or not what a training needs."""


class SpecError(TrainingError):
    """The specification has an unknown key or a value out of range."""


class PublishError(TrainingError):
    """The version could not be written; nothing of it is visible."""


class RefusedError(TrainingError):
    """The version is not fit to be published; nothing of it is visible.

    Attributes:
        manifest: What is known of it, the checks of the gate among it.
    """

    def __init__(self, manifest: Manifest) -> None:
        checks = manifest.gate.checks
        failed = [check for check in checks if not check.passed]
        super().__init__(
            f"{manifest.model_name} is not published, as {len(failed)} of {len(checks)} checks did not pass; "
            f"the first is {failed[0].name}: {failed[0].message}"
        )
        self.manifest = manifest


class TuningError(TrainingError):
    """The folder of a search is that of another or of a running one, can't be written, or no trial succeeded."""
