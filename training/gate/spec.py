"""What a model has to hold before it is published: the `[gate]` table of a training spec."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from training.errors import SpecError
from training.spec_fields import bounded, check_fields, check_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """The limits of the gate.

    Raises:
        SpecError: A value is of the wrong type or out of range.
    """

    slices: tuple[str, ...] | None = None
    """The inputs whose values are looked at by themselves; None for each text of class, context or table that has
    at most 50 values. Hours, popularity, new members and new classes always are."""
    slice_rows: int = bounded(300, 1, 2**31 - 1)
    """How many rows a slice has at least to be compared."""
    auc_tolerance: float = bounded(0.01, 0.0, 0.5)
    """How much lower than the serving version's the AUC may be."""
    loss_tolerance: float = bounded(0.01, 0.0, 1.0)
    """How much higher than the serving version's the log loss or RMSE may be, as a share of it."""
    lowest_calibration: float = bounded(0.8, 0.0, 1.0)
    """The least mean prediction, divided by the mean label."""
    highest_calibration: float = bounded(1.25, 1.0, 100.0)
    """The most."""
    calibration_error: float = bounded(0.05, 0.0, 1.0)
    """The most expected calibration error, beyond that which chance alone gives as many rows."""
    bias: float = bounded(0.1, 0.0, 10.0)
    """For regression: the most that mean prediction and mean label differ, in standard deviations of the label."""
    latency_milliseconds: float = bounded(50.0, 0.001, 1e6)
    """The most that ranking all classes for one member may take."""
    size_megabytes: float = bounded(500.0, 0.001, 1e6)
    """The most space that the SavedModel may take, in 10^6 bytes."""

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Returns the spec of a TOML table; what it leaves out takes its default.

        Raises:
            SpecError: A key is unknown, or a value is of the wrong type or out of range.
        """
        check_keys("gate", cls, mapping)
        values: dict[str, Any] = dict(mapping)
        if isinstance(values.get("slices"), list):
            values["slices"] = tuple(values["slices"])
        return cls(**values)

    def __post_init__(self) -> None:
        check_fields("gate", self)
        names = () if self.slices is None else self.slices
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise SpecError(f"gate.slices is {self.slices!r}, expected a list of input names")
