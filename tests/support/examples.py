"""Serialised `tf.Example`s. Importing this imports TensorFlow."""

import tensorflow as tf


def example(**features: float) -> bytes:
    """Returns an example with these numbers."""
    values = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=[value])) for name, value in features.items()
    }
    serialised: bytes = tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString()
    return serialised
