"""What can be wrong with a log.

EventLogError
├── LogUnavailable   it can't be written or read now; nothing of the call was recorded
├── LogCorrupt       bytes of it are not what was written
└── LogInUse         another consumer follows it
"""


class EventLogError(Exception):
    """The log can't be used. The message names the file."""


class LogUnavailable(EventLogError):
    """The log can't be written or read now."""


class LogCorrupt(EventLogError):
    """Bytes of the log, or of a cursor, are not what was written."""


class LogInUse(EventLogError):
    """Another consumer follows the log."""
