from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support.model_inputs import CROSSES, RANKING_INPUTS, draw_rows

PARTS: Mapping[str, Mapping[str, Any]] = {
    "both": {"crosses": CROSSES, "attention": ["recent_class_ids", "preferred_times"], "oov_buckets": 3},
    "wide": {"deep": False, "crosses": CROSSES},
    "deep": {"wide": False, "batch_norm": True, "deep_learning_rate": 0.01},
}


@pytest.fixture(scope="session")
def ranking_model() -> Callable[[str], Any]:
    """Fits a ranking model with both parts or one of them, once each."""
    from training.model.fit import fit  # noqa: PLC0415, tests without TensorFlow are collected with this file
    from training.model.spec import ModelSpec  # noqa: PLC0415

    fitted: dict[str, Any] = {}

    def fit_once(parts: str) -> Any:
        if parts not in fitted:
            mapping = {"epochs": 2, "batch_size": 100, "layer_sizes": [16, 8], "embedding_size": 4, **PARTS[parts]}
            spec = ModelSpec.from_mapping(mapping)
            tables = draw_rows(1500, seed=1), draw_rows(300, seed=3)
            fitted[parts] = fit(RANKING_INPUTS, *tables, spec, lambda *_: None)
        return fitted[parts]

    return fit_once
