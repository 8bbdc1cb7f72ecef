"""What can be wrong with a contract.

ContractError
├── TagError         a tag of a feature or feature service
├── ValueTypeError   a value of another type than its input's
├── FunctionError    the function of an on-demand view
├── ProfileError     the profile of a feature repository
└── ManifestError    a published version; its ``fault`` says which kind
"""

from enum import Enum


class ContractError(Exception):
    """A promise between training, the feature store and serving does not hold."""


class TagError(ContractError):
    """A tag of a feature or feature service is missing, unknown or invalid."""


class ValueTypeError(ContractError):
    """A value is of another type than its input's."""


class FunctionError(ContractError):
    """The function of an on-demand view can't be used, or does not give what it gave in training."""


class ProfileError(ContractError):
    """A profile of the feature repository can't be read."""


class ManifestFault(Enum):
    """The kinds of fault of a published version."""

    MANIFEST_MISSING = "manifest missing"
    MANIFEST_INVALID = "manifest invalid"
    FILE_MISSING = "file missing"
    FILE_CHANGED = "file changed"


class ManifestError(ContractError):
    """A published version is not what its manifest promises."""

    def __init__(self, fault: ManifestFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
