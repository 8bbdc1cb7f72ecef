"""What a model is made of and how it is trained: the `[model]` table of a training spec."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from training.errors import SpecError
from training.spec_fields import bounded, check_fields, check_keys, check_value, one_of

BINARY, REGRESSION = "binary", "regression"
"""The objectives of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A Wide & Deep model (Cheng et al. 2016, arXiv 1606.07792) and its training.

    Raises:
        SpecError: A value is of the wrong type or out of range.
    """

    objective: str = one_of(BINARY, REGRESSION)
    """What is predicted: "binary" is the probability of the label 1, trained on the log loss, and "regression" a
    number, trained on the squared error."""
    wide: bool = True
    """Whether there is a wide part: a weight for each category, bucket and cross."""
    deep: bool = True
    """Whether there is a deep part: embeddings and a multi-layer perceptron."""
    crosses: tuple[tuple[str, ...], ...] = ()
    """The inputs whose combinations have a weight each in the wide part. A number takes part with its bucket, a
    time as `<name>.hour` or `<name>.weekday`. Without a wide part they are left out."""
    attention: tuple[str, ...] = ()
    """The lists of texts or whole numbers that the deep part pools by attention, in place of their mean. Without
    a deep part they are left out."""
    ensemble_size: int = bounded(1, 1, 16)
    """How many networks are trained, each from a seed of its own; their logits are averaged. Training takes so
    many times as long, and serving what layers so many times as wide take; see `training.model.ensemble`."""
    embedding_size: int = bounded(16, 1, 1024)
    layer_sizes: tuple[int, ...] = (128, 64)
    """The units of each hidden layer of the deep part, 1 to 8192."""
    dropout: float = bounded(0.1, 0.0, 0.9)
    """The share of each hidden layer's units left out in a training step."""
    l2: float = bounded(1e-4, 0.0, 10.0)
    """The weight of the squared embeddings that a row looks up, added to its loss."""
    batch_norm: bool = False
    """Whether each hidden layer is normalised over the batch before its activation."""
    precision: str = one_of("float32", "bfloat16")
    """What the matrix products of the hidden layers are trained in. Weights, and all of what is published, are
    float32. "bfloat16" is for processors that compute in it (AMX, AVX-512 BF16); on others it is slower."""
    wide_learning_rate: float = bounded(0.01, 1e-6, 10.0)
    wide_l1: float = bounded(1.0, 0.0, 1e6)
    """FTRL's L1. As the loss is summed over a batch, a weight stays 0 until its summed gradient exceeds this."""
    deep_learning_rate: float = bounded(1e-3, 1e-6, 10.0)
    batch_size: int = bounded(1024, 1, 1_000_000)
    epochs: int = bounded(10, 1, 10_000)
    """The most passes over the training rows."""
    warm_start: bool = False
    """Whether training starts from the weights of the version that serves; see `training.model.warm_start`."""
    patience: int = bounded(2, 1, 10_000)
    """How many epochs without a better validation AUC, or squared error of a regression, end the training."""
    seed: int = bounded(1, 0, 2**31 - 1)
    vocabulary_size: int = bounded(100_000, 1, 10_000_000)
    """The most values that an input's vocabulary keeps; the most frequent."""
    min_count: int = bounded(2, 1, 1_000_000)
    """How often a value has to occur to be kept."""
    oov_buckets: int = bounded(1, 1, 1_000_000)
    """Over how many categories the values that are not kept are spread, by their hash."""
    learned_defaults: bool = False
    """Whether training finds what a missing value means, in place of the defaults that are declared: a category of
    its own, and for a number the weights of its mask beside its mean, which cover every fill."""
    bucket_count: int = bounded(10, 2, 1000)
    """How many buckets of equal frequency a number is cut into."""
    utc_offset_hours: float = bounded(0.0, -14.0, 14.0)
    """What is added to a time before its hour and weekday are taken."""

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Returns the spec of a TOML table; what it leaves out takes its default.

        Raises:
            SpecError: A key is unknown, or a value is of the wrong type or out of range.
        """
        check_keys("model", cls, mapping)
        return cls(**{key: _as_tuple(value) for key, value in mapping.items()})

    def __post_init__(self) -> None:
        check_fields("model", self)
        for size in self.layer_sizes:
            check_value("model.layer_sizes", int, size, (1, 8192))
        if not (self.wide or self.deep):
            raise SpecError("model.wide and model.deep are both false, expected at least one")
        if self.deep and not self.layer_sizes:
            raise SpecError("model.layer_sizes is empty, expected at least one size for the deep part")
        for name in self.attention:
            check_value("model.attention", str, name)
        if self.ensemble_size > 1 and (self.attention or self.warm_start):
            other = "attention" if self.attention else "warm_start"
            raise SpecError(f"model.ensemble_size is {self.ensemble_size}, expected 1 with model.{other}")
        for cross in self.crosses:
            _check_cross(cross)

    def to_toml(self) -> str:
        """Returns the spec as the lines of a TOML table, which `from_mapping` takes back."""
        return "".join(
            f"{f.name} = {json.dumps(getattr(self, f.name), ensure_ascii=False)}\n" for f in fields(self)
        )


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(element) for element in value) if isinstance(value, list) else value


def _check_cross(cross: Sequence[Any]) -> None:
    if not isinstance(cross, tuple) or not all(isinstance(name, str) for name in cross):
        raise SpecError(f"model.crosses has {cross!r}, expected a list of input names")
    if len(set(cross)) != len(cross) or len(cross) < 2:
        raise SpecError(f"model.crosses has {list(cross)}, expected at least two different inputs")
