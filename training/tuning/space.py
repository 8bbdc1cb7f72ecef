"""What a search tries.

===================== ================================================ ==========================
parameter             values                                           of
===================== ================================================ ==========================
layer_sizes           one of `LAYER_SIZES`                             the deep part
embedding_size        4 to 64, evenly by logarithm                     the deep part
dropout               0 to 0.5                                         the deep part
l2                    0.0001 to 0.3, evenly by logarithm               the deep part
deep_learning_rate    0.0001 to 0.01, evenly by logarithm              the deep part
wide_learning_rate    0.001 to 0.3, evenly by logarithm                the wide part
wide_l1               0.01 to 30, evenly by logarithm                  the wide part
``<a> x <b>``         whether the inputs are crossed                   the wide part
===================== ================================================ ==========================

The values that the specification itself has are among them, as the first trial is the specification as it stands.
All that is not searched stays as the specification has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from training.model.spec import ModelSpec

Cross = tuple[str, ...]

LAYER_SIZES = ("64", "128,64", "256,128", "256,128,64", "400,400,400")
DEEP: Mapping[str, IntDistribution | FloatDistribution] = {
    "embedding_size": IntDistribution(4, 64, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
    "l2": FloatDistribution(1e-4, 0.3, log=True),
    "deep_learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
}
WIDE: Mapping[str, IntDistribution | FloatDistribution] = {
    "wide_learning_rate": FloatDistribution(1e-3, 0.3, log=True),
    "wide_l1": FloatDistribution(1e-2, 30.0, log=True),
}


class SearchSpace:
    """The specifications of a search.

    Attributes:
        distributions: What each parameter may be, by name.
        first: The parameters of the specification as it stands; a 0 where the range is logarithmic becomes its
            lower end.
    """

    def __init__(self, spec: ModelSpec, crosses: Sequence[Cross] = ()) -> None:
        """Takes the specification, and crosses that may be added to its own."""
        self._spec = spec
        tried = (*spec.crosses, *crosses) if spec.wide else ()
        self._crosses = {" x ".join(cross): cross for cross in tried}
        self.distributions: dict[str, BaseDistribution] = {}
        self.first: dict[str, Any] = {}
        if spec.deep:
            self._add_layers()
        for name, searched in {**(DEEP if spec.deep else {}), **(WIDE if spec.wide else {})}.items():
            self._add_range(name, searched)
        for name, cross in self._crosses.items():
            self.distributions[name] = CategoricalDistribution([True, False])
            self.first[name] = cross in spec.crosses

    def model(self, parameters: Mapping[str, Any]) -> ModelSpec:
        """Returns the specification with the parameters of a trial."""
        changes = {name: value for name, value in parameters.items() if name not in self._crosses}
        if "layer_sizes" in changes:
            changes["layer_sizes"] = tuple(map(int, changes["layer_sizes"].split(",")))
        if self._spec.wide:
            changes["crosses"] = tuple(cross for name, cross in self._crosses.items() if parameters[name])
        return replace(self._spec, **changes)

    def _add_layers(self) -> None:
        sizes = ",".join(map(str, self._spec.layer_sizes))
        self.distributions["layer_sizes"] = CategoricalDistribution(tuple(dict.fromkeys((*LAYER_SIZES, sizes))))
        self.first["layer_sizes"] = sizes

    def _add_range(self, name: str, searched: IntDistribution | FloatDistribution) -> None:
        own = getattr(self._spec, name)
        value = max(own, searched.low) if own == 0 else own
        low, high = min(searched.low, value), max(searched.high, value)
        self.distributions[name] = type(searched)(low, high, log=searched.log)
        self.first[name] = value
