import numpy as np
import pytest
import tensorflow as tf

from tests.support.model_inputs import number, text
from training.model.inputs import InputEncoder
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow

INPUTS = [text("country", default_text="nl"), number("age", default_number=40)]
COLUMNS = {
    "country": np.array(["nl", "nl", "de", "de"], dtype=object),
    "age": np.array([20, 40, 20, 40], np.float32),
}
NOTHING = {"country": tf.constant([""]), "age": tf.constant([float("nan")])}


@pytest.mark.parametrize(("learned", "category", "age"), [(False, 3, 1.0), (True, 0, 0.0)])
def test_what_is_missing_takes_its_default_unless_that_is_learned(
    learned: bool, category: int, age: float
) -> None:
    """De is 2 and nl 3; the ages have mean 30 and standard deviation 10."""
    encoder = InputEncoder(INPUTS, COLUMNS, ModelSpec(learned_defaults=learned))

    member, _ = encoder(NOTHING)

    assert member.categories.numpy().tolist() == [[category, 0]]
    assert member.numbers.numpy().tolist() == [[1, age, 1]]
    assert encoder.inputs == INPUTS
