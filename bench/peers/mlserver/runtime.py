"""A SavedModel in MLServer, which has no runtime for TensorFlow and asks for one of one's own then."""

from typing import Any

import tensorflow as tf
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, RequestInput


class SavedModel(MLModel):
    """The default signature of a SavedModel."""

    async def load(self) -> bool:
        """Loads the model."""
        assert self.settings.parameters is not None  # noqa: S101
        self._model = tf.saved_model.load(self.settings.parameters.uri)
        self._score = self._model.signatures["serving_default"]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Returns the score of each row."""
        tensors = {found.name: _tensor(found) for found in payload.inputs}
        scores = self._score(**tensors)["score"].numpy()
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("score", scores)])


def _tensor(found: RequestInput) -> Any:
    if found.datatype == "BYTES":
        return tf.reshape(tf.constant(list(found.data), tf.string), found.shape)
    return tf.constant(NumpyCodec.decode_input(found))
