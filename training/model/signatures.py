"""The functions that a published model offers, from raw inputs to scores."""

from typing import Any

import tensorflow as tf

from contract.stubs import manifest_pb2 as pb
from training.model.examples import parse_examples
from training.model.head import Head
from training.model.inputs import InputEncoder, tensor_specs
from training.model.network import Network
from training.model.side import RankedClass


class Signatures:
    """The functions that become the signatures of the SavedModel. Scores are what the head makes of logits."""

    def __init__(self, encoder: InputEncoder, network: Network, head: Head) -> None:
        """Takes the head with its calibration, which the network was trained without."""
        self.encoder = encoder
        self.network = network
        self.head = head
        self.is_ranking = any(spec.source != pb.SOURCE_COLUMN for spec in encoder.inputs)

    def score(self, **columns: Any) -> dict[str, Any]:
        """`serving_default`: returns the score ``[rows]`` of members and classes paired row by row."""
        return {"score": self._scores(columns)}

    def classify(self, inputs: Any) -> dict[str, Any]:
        """Returns the scores ``[rows, 2]`` of the labels 0 and 1 for serialised examples ``[rows]``."""
        scores = self._scores(parse_examples(self.encoder.inputs, inputs))
        classes = tf.tile([["0", "1"]], [tf.shape(scores)[0], 1])
        return {"classes": classes, "scores": tf.stack([1.0 - scores, scores], axis=1)}

    def regress(self, inputs: Any) -> dict[str, Any]:
        """Returns the score ``[rows, 1]`` of serialised examples ``[rows]``."""
        return {"outputs": self._scores(parse_examples(self.encoder.inputs, inputs))[:, None]}

    def encode_classes(self, **columns: Any) -> dict[str, Any]:
        """Returns what `rank` needs to know of classes."""
        code = self.network.ranked_class(self.encoder.classes(columns))
        return {"class_state": code.state, "class_wide": code.wide, "class_crosses": code.crosses}

    def rank(
        self, *, class_state: Any, class_wide: Any, class_crosses: Any, candidates: Any, count: Any, **columns: Any
    ) -> dict[str, Any]:
        """Returns the best candidates of each member, by falling logit and then by rising position.

        Args:
            class_state: ``[classes, units]`` float32.
            class_wide: ``[classes]`` float32.
            class_crosses: ``[classes, cells of a row]`` int32.
            candidates: ``[members, classes]`` bool.
            count: How many to return, ``[]`` int32, at most the number of classes.
            columns: The inputs that are not of the class side, ``[members]`` each.

        Returns:
            ``scores`` float32 and ``positions`` int32, ``[members, count]``; -1 in both where a member has no more
            candidates.
        """
        member = self.network.ranked_member(self.encoder.member(columns))
        logits = self.network.score_all(member, RankedClass(class_state, class_wide, class_crosses))
        best = tf.math.top_k(tf.where(candidates, logits, -float("inf")), k=count)
        is_ranked = best.values > -float("inf")
        return {
            "scores": tf.where(is_ranked, self.head.scores(best.values), -1.0),
            "positions": tf.where(is_ranked, best.indices, -1),
        }

    def concrete(self) -> dict[str, Any]:
        """Returns the traced functions by the names of their signatures."""
        examples = tf.TensorSpec([None], tf.string, name="inputs")
        functions = {
            "serving_default": tf.function(self.score).get_concrete_function(**tensor_specs(self.encoder.inputs)),
            "classify": tf.function(self.classify).get_concrete_function(examples),
            "regress": tf.function(self.regress).get_concrete_function(examples),
        }
        if not self.head.is_probability:
            del functions["classify"]
        return functions | (self._ranking() if self.is_ranking else {})

    def _ranking(self) -> dict[str, Any]:
        encode = tf.function(self.encode_classes).get_concrete_function(**tensor_specs(self.encoder.classes.specs))
        arguments = {
            **{
                name: tf.TensorSpec(out.shape, out.dtype, name=name)
                for name, out in encode.structured_outputs.items()
            },
            "candidates": tf.TensorSpec([None, None], tf.bool, name="candidates"),
            "count": tf.TensorSpec([], tf.int32, name="count"),
            **tensor_specs(self.encoder.member.specs),
        }
        return {"encode_classes": encode, "rank": tf.function(self.rank).get_concrete_function(**arguments)}

    def _scores(self, columns: Any) -> Any:
        return self.head.scores(self.network.score_rows(*self.encoder(columns)))
