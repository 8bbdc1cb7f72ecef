"""The network: ``logit = bias + position + wide + deep`` over two sides that only meet at the end.

Each side is turned into a code, which holds all that can be computed without the other. `Network.call` joins two
codes row by row, as training does, and `Network.score_all` every member with every class, as a ranking does; for
that the bias and the crosses are computed once for each member.
"""

from typing import Any

import keras
import tensorflow as tf

from training.model.cross_rows import CrossRows
from training.model.crosses import CrossWeights, plan_crosses
from training.model.deep import Perceptron, Projection
from training.model.embeddings import EmbeddingTable
from training.model.encoded import Encoded, Layout
from training.model.head import Head
from training.model.position import PositionBias
from training.model.side import Code, RankedClass, RankedMember, Side, WideSide
from training.model.spec import ModelSpec


class Network(keras.layers.Layer):
    """The Wide & Deep network (Cheng et al. 2016, arXiv 1606.07792).

    Its bias starts at the head's base logit.
    """

    def __init__(
        self, member: Layout, classes: Layout, spec: ModelSpec, head: Head, position: PositionBias | None = None
    ) -> None:
        """Takes the columns of the sides, none for the class side of a flat table, and what the logits mean.

        Raises:
            SpecError: A cross has too many cells.
        """
        super().__init__(autocast=False)
        self.layouts = (member, classes)
        self.spec = spec
        self.head = head
        self.position = position
        start = keras.initializers.Constant(head.base_logit)
        self.bias = self.add_weight(shape=(), initializer=start, name="bias")
        features = {feature.name: feature for feature in (*member.features, *classes.features)}
        crosses = plan_crosses(spec.crosses if spec.wide else (), features)
        self.crosses = CrossWeights(crosses)
        self._cross_rows = CrossRows(crosses, member, classes, self.crosses)
        every = list(features.values())
        self.embeddings = EmbeddingTable(every, spec.embedding_size, spec.l2) if spec.deep else None
        self.perceptron = Perceptron(spec) if spec.deep else None

        def side(layout: Layout, *, is_member: bool) -> Side:
            wide = WideSide(layout, crosses, self.crosses, with_offsets=is_member) if spec.wide else None
            if self.embeddings is None or layout == Layout():
                return Side(wide, None)
            return Side(wide, Projection(layout, self.embeddings, spec))

        self.member = side(member, is_member=True)
        self.classes = side(classes, is_member=False)
        self.built = True  # all weights are there; Keras warns of a network that is scored before it is trained

    def call(self, member: Code, classes: Code, positions: Any = (), training: bool = False) -> Any:
        """Returns the logits ``[rows]`` float32 of two codes, row by row."""
        crossed = self.crosses(member.crosses + classes.crosses, training=training)
        logits = self._base(positions) + member.wide + classes.wide + crossed
        if self.perceptron is None:
            return logits
        state = member.state if self.classes.deep is None else member.state + classes.state
        return logits + self.perceptron(self.perceptron.biased(state), training=training)

    def score_rows(self, member: Encoded, classes: Encoded, positions: Any = (), training: bool = False) -> Any:
        """Returns the logits ``[rows]`` float32 of members and classes paired row by row.

        Args:
            member: One side of the rows.
            classes: The other.
            positions: Where the rows were shown, ``[rows]`` int32; empty takes the mean position.
            training: Whether this is for a step of the training.
        """
        codes = self.member(*member, training=training), self.classes(*classes, training=training)
        return self(*codes, positions, training=training)

    def ranked_member(self, member: Encoded) -> RankedMember:
        """Returns members as `score_all` takes them."""
        code = self.member(*member)
        state = code.state if self.perceptron is None else self.perceptron.biased(code.state)
        return RankedMember(state, code.wide + self._base(), self._cross_rows.row(code.crosses))

    def ranked_class(self, classes: Encoded) -> RankedClass:
        """Returns classes as `score_all` takes them."""
        code = self.classes(*classes)
        return RankedClass(code.state, code.wide, self._cross_rows.places(classes.categories))

    def score_all(self, member: RankedMember, classes: RankedClass) -> Any:
        """Returns the logits ``[members, classes]`` float32 of every member with every class.

        The arrays of `classes` are ``[classes, …]``, or ``[members, classes, …]`` if each member has its own.
        """
        logits = self.score_wide(member, classes)
        if self.perceptron is None:
            return logits
        state = member.state[:, None] + classes.state
        deep = self.perceptron(tf.reshape(state, [-1, state.shape[-1]]))
        return logits + tf.reshape(deep, tf.shape(logits))

    def score_wide(self, member: RankedMember, classes: RankedClass) -> Any:
        """Returns what the bias and the wide part add to the logits of `score_all`."""
        return member.wide[:, None] + classes.wide + self.score_crosses(member.crosses, classes.crosses)

    def score_crosses(self, member: Any, places: Any) -> Any:
        """Returns what the crosses of members with the places of classes add to logits ``[members, classes]``."""
        member_count, place_count = tf.unstack(tf.shape(member))
        starts = place_count * tf.range(member_count)
        weights = tf.gather(tf.reshape(member, [-1]), places + starts[:, None, None])
        return tf.reduce_sum(weights, axis=2)

    def _base(self, positions: Any = ()) -> Any:
        if self.position is None:
            return self.bias
        return self.bias + (self.position.mean() if isinstance(positions, tuple) else self.position(positions))

    @property
    def embedding_table(self) -> Any:
        """The embeddings of all vocabularies; None without a deep part."""
        return None if self.embeddings is None else self.embeddings.table

    @property
    def wide_variables(self) -> list[Any]:
        """The weights of the wide part, which have an optimizer of their own."""
        sides = (self.member, self.classes)
        tables = [side.wide.features.table for side in sides if side.wide is not None]
        return [*tables, self.crosses.table] if tables else []
