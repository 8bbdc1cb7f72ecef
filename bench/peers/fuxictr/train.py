"""Trains FuxiCTR's Wide & Deep, an epoch for each line on standard input, and prints a JSON line for each.

Runs in the environment that `setup.sh` beside it makes, and imports nothing of the project. The package has the
layers, the loaders and the training loop; the model is put together from them here, as FuxiCTR documents it.

usage: train.py <folder with peer.json, train.npz and test.npz>
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from fuxictr.features import FeatureMap
from fuxictr.pytorch.dataloaders import RankDataLoader
from fuxictr.pytorch.layers import FeatureEmbedding, LogisticRegression, MLP_Block
from fuxictr.pytorch.models import BaseModel
from fuxictr.pytorch.torch_utils import seed_everything


class WideDeep(BaseModel):
    """A weight for each category, and a perceptron over embeddings, summed."""

    def __init__(self, features: FeatureMap, folder: Path, settings: dict[str, Any]) -> None:
        super().__init__(features, model_root=str(folder), metrics=["AUC"], verbose=0)
        embedding_size = settings["embedding_size"]
        self.embeddings = FeatureEmbedding(features, embedding_size)
        self.wide = LogisticRegression(features, use_bias=False)
        self.deep = MLP_Block(
            input_dim=embedding_size * features.num_fields,
            output_dim=1,
            hidden_units=settings["layer_sizes"],
            dropout_rates=settings["dropout"],
            batch_norm=settings["batch_norm"],
        )
        self.trained_at = 0.0
        self.compile("adam", "binary_crossentropy", settings["learning_rate"])
        self.reset_parameters()
        self.model_to_device()
        Path(self.model_dir).mkdir(exist_ok=True)

    def forward(self, inputs: Any) -> dict[str, Any]:
        """Returns the probabilities ``[rows, 1]``."""
        columns = self.get_inputs(inputs)
        logits = self.wide(columns) + self.deep(self.embeddings(columns).flatten(start_dim=1))
        return {"y_pred": self.output_activation(logits)}

    def eval_step(self) -> None:
        """Is called at the end of an epoch: takes the time, and keeps the weights that `fit` loads again."""
        self.trained_at = time.perf_counter()
        self.save_weights(self.checkpoint)


def _feature_map(folder: Path, settings: dict[str, Any]) -> FeatureMap:
    features = FeatureMap("clicks", str(folder))
    features.labels = ["label"]
    numeric = {name: {"type": "numeric", "source": ""} for name in settings["numbers"]}
    sizes = settings["categories"].items()
    categorical = {name: {"type": "categorical", "source": "", "vocab_size": size} for name, size in sizes}
    features.features.update(numeric | categorical)
    features.num_fields = features.get_num_fields()
    features.set_column_index()
    return features


def main(folder: Path) -> None:
    """Trains until standard input ends."""
    settings = json.loads((folder / "peer.json").read_text(encoding="utf-8"))
    seed_everything(settings["seed"])
    torch.set_num_threads(settings["threads"])
    features = _feature_map(folder, settings)
    files = {"train_data": str(folder / "train.npz"), "test_data": str(folder / "test.npz")}
    train, _, test = RankDataLoader(
        features, **files, batch_size=settings["batch_size"], num_workers=settings["workers"]
    )
    model = WideDeep(features, folder, settings)
    for _ in sys.stdin:
        start = time.perf_counter()
        model.fit(train, epochs=1)
        found = {"seconds": model.trained_at - start, "auc": float(model.evaluate(test)["AUC"])}
        print(json.dumps(found), flush=True)  # noqa: T201, this is how it answers


if __name__ == "__main__":
    main(Path(sys.argv[1]))
