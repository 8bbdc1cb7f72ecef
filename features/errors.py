"""What can be wrong with a feature repository or its data.

FeatureError
├── PublishedError    what is published can't be told
├── RepositoryError   a definition or profile is wrong
├── SourceError       a source table can't be read or lacks a column
└── StoreError        the registry or online store can't be reached, or would be moved backwards
    └── BusyError     another run is under way; nothing was done
"""


class FeatureError(Exception):
    """A feature command can't go on. The message names the file, view or feature, and what was expected."""


class PublishedError(FeatureError):
    """Which versions of a model are published, or which labels are on them, can't be told."""


class RepositoryError(FeatureError):
    """A definition, aggregate or profile of the feature repository is wrong."""


class SourceError(FeatureError):
    """A source table can't be read or lacks a column."""


class StoreError(FeatureError):
    """The registry or the online store can't be reached, or a write would move it backwards."""


class BusyError(StoreError):
    """Another run does what this one would; nothing was done."""
