import pytest
import tensorflow as tf

from contract.columns import INT64_MISSING
from tests.support.model_inputs import text, texts, whole
from training.model.categories import CategoryEncoder, ListEncoder
from training.model.vocabulary import Vocabulary

pytestmark = pytest.mark.slow

COUNTRY = text("country")
COUNTRIES = Vocabulary(COUNTRY, ["nl", "de"])


def test_scalars_are_looked_up_and_missing_ones_raise_their_mask() -> None:
    plan = whole("plan")
    encode = CategoryEncoder([COUNTRY, plan], {"country": COUNTRIES, "plan": Vocabulary(plan, [5])})

    columns = {"country": tf.constant(["de", "", "fr"]), "plan": tf.constant([INT64_MISSING, 5, 6])}
    encoded = encode(columns)

    assert encoded.categories.numpy().tolist() == [[3, 0], [0, 2], [1, 1]]
    assert encoded.numbers.numpy().tolist() == [[0, 1], [1, 0], [0, 0]]


def test_a_missing_scalar_takes_the_default_and_still_raises_its_mask() -> None:
    with_default = text("country", default_text="de")
    plan = whole("plan", default_number=5)
    encode = CategoryEncoder([with_default, plan], {"country": COUNTRIES, "plan": Vocabulary(plan, [4, 5])})

    encoded = encode({"country": tf.constant([""]), "plan": tf.constant([INT64_MISSING])})

    assert encoded.categories.numpy().tolist() == [[3, 3]]
    assert encoded.numbers.numpy().tolist() == [[1, 1]]


def test_a_default_out_of_the_vocabulary_is_unknown() -> None:
    encode = CategoryEncoder([text("country", default_text="fr")], {"country": COUNTRIES})

    assert encode({"country": tf.constant([""])}).categories.numpy().tolist() == [[1]]


def test_a_shared_vocabulary_is_the_owners() -> None:
    encode = CategoryEncoder([text("birthplace", vocabulary_of="country")], {"country": COUNTRIES})

    assert encode({"birthplace": tf.constant(["de"])}).categories.numpy().tolist() == [[3]]
    assert [(f.name, f.vocabulary) for f in encode.features] == [("birthplace", "country")]


@pytest.mark.parametrize(("default", "empty"), [("", [0, 0, 0]), ("nl", [2, 0, 0])])
def test_a_list_is_looked_up_and_an_empty_one_becomes_its_default(default: str, empty: list[int]) -> None:
    encode = ListEncoder(texts("countries", 3, default_text=default), COUNTRIES)

    encoded = encode({"countries": tf.constant([["de", "fr", ""], ["", "", ""]])})

    assert encoded.categories.numpy().tolist() == [[3, 1, 0], empty]
    assert encoded.numbers.numpy().tolist() == [[0], [1]]
