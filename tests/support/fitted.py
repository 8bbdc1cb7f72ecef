"""Ranking models, fitted once each."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from tests.support.model_inputs import CROSSES, RANKING_INPUTS, draw_rows
from training.model.fit import fit
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec

PARTS: Mapping[str, Mapping[str, Any]] = {
    "both": {"crosses": CROSSES, "attention": ["recent_class_ids", "preferred_times"], "oov_buckets": 3},
    "indexable": {"crosses": CROSSES, "attention": ["recent_class_ids", "preferred_times"]},
    "wide": {"deep": False, "crosses": CROSSES},
    "deep": {"wide": False, "batch_norm": True, "deep_learning_rate": 0.01},
}


@cache
def fitted_model(parts: str) -> FittedModel:
    """Returns a ranking model with both parts or one of them."""
    mapping = {"epochs": 2, "batch_size": 100, "layer_sizes": [16, 8], "embedding_size": 4, **PARTS[parts]}
    tables = draw_rows(1500, seed=1), draw_rows(300, seed=3)
    model = fit(RANKING_INPUTS, *tables, ModelSpec.from_mapping(mapping), lambda *_: None)
    model.fit_probe(tables[0].columns, np.arange(len(tables[0])))  # each row has a class of its own
    return model
