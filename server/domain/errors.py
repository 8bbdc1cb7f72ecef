"""What can go wrong while serving, without any transport in it.

PacelineError
├── InvalidRequest       a request that no server would accept; lists its fields
├── NotFound             no such model or version is here
├── Conflict             the request is fine, but not as things stand
│   ├── NoSignature      the model has no such signature
│   ├── NotLoaded        a label can't be put on a version that is not loaded
│   ├── NothingBefore    there is no version to roll back to
│   ├── LabelConfigured  the label is set by the model config
│   ├── NotReadable      the history of labels can't be read
│   ├── NotWritable      the history of labels can't be written
│   ├── RestartNeeded    only a server that is started anew can serve that
│   └── FeatureMissing   a feature of the member is not there that may not be missing
├── NotAllowed           only the admin address answers this
├── ModelFailed          the model could not do what it was asked
├── Unavailable          the request is fine, this server can't answer it now
│   ├── NoModel              no version is serving yet
│   ├── RunnerLost           the process that runs the version ended
│   ├── StoreUnavailable     the online store could not be read
│   ├── EventLogUnavailable  the event log can't be written
│   └── Draining             the server is shutting down
└── DeadlineExpired      the caller no longer waits

StartError               the server can't start; not an answer to a request
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.results import FeatureRow


class PacelineError(Exception):
    """A request could not be answered. The message may be shown to the caller."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One invalid field of a request: its path, what was found and what was expected."""

    field: str
    description: str

    def inside(self, outer: str) -> "FieldViolation":
        """Returns it as one of the message in the field `outer`."""
        return FieldViolation(f"{outer}.{self.field}", self.description)


class InvalidRequest(PacelineError):
    """The request is invalid."""

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = tuple(violations)


class NotFound(PacelineError):
    """No such model or version is here."""


class Conflict(PacelineError):
    """The request is fine, but the state of a model does not allow it. Nothing was changed."""


class NoSignature(Conflict):
    """The model has no such signature."""


class NotLoaded(Conflict):
    """A label can't be put on a version that is not loaded."""


class NothingBefore(Conflict):
    """There is no version to roll back to."""


class LabelConfigured(Conflict):
    """The label is set by the model config, and moves with it alone."""


class NotReadable(Conflict):
    """The history of labels can't be read, or an entry of it can't be understood."""


class NotWritable(Conflict):
    """The history of labels can't be written."""


class RestartNeeded(Conflict):
    """Only a server that is started anew can serve these models."""


class FeatureMissing(Conflict):
    """A feature of the member is not there that may not be missing.

    Args:
        message: Which one.
        feature_rows: How old the member's features are, by view.
    """

    def __init__(self, message: str, feature_rows: Sequence[FeatureRow] = ()) -> None:
        super().__init__(message)
        self.feature_rows = feature_rows


class NotAllowed(PacelineError):
    """Only the admin address answers this."""


class ModelFailed(PacelineError):
    """The model could not do what it was asked.

    Args:
        message: What TensorFlow says.
        code: TensorFlow's code, which is one of `google.rpc.Code`.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(PacelineError):
    """The server can't answer now; another, or a later try, may."""


class NoModel(Unavailable):
    """No version of the model is serving."""


class RunnerLost(Unavailable):
    """The process that runs the version ended while it was asked."""


class StoreUnavailable(Unavailable):
    """The online store could not be read."""


class EventLogUnavailable(Unavailable):
    """The event log can't be written. No event of the call was recorded."""


class Draining(Unavailable):
    """The server is shutting down."""


class DeadlineExpired(PacelineError):
    """The deadline passed before the work was begun."""


class StartError(Exception):
    """The server can't start. The message names the setting, what was found and what was expected."""
