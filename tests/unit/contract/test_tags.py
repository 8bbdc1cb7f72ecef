import pytest

from contract.errors import TagError
from contract.stubs import manifest_pb2 as pb
from contract.tags import DEFAULT_LIST_LENGTH, data_type, feature_input, feature_source


def _input(feast_type: str, **tags: str) -> pb.Input:
    return feature_input("f", feast_type, tags, source=pb.SOURCE_MEMBER, view="v", ttl_seconds=60)


@pytest.mark.parametrize(
    ("feast_type", "encoding", "list_length"),
    [
        ("String", pb.ENCODING_VOCABULARY, 0),
        ("Int32", pb.ENCODING_NUMERIC, 0),
        ("Int64", pb.ENCODING_NUMERIC, 0),
        ("Float32", pb.ENCODING_NUMERIC, 0),
        ("Float64", pb.ENCODING_NUMERIC, 0),
        ("Bool", pb.ENCODING_NUMERIC, 0),
        ("Array(String)", pb.ENCODING_VOCABULARY, DEFAULT_LIST_LENGTH),
        ("Array(Int64)", pb.ENCODING_VOCABULARY, DEFAULT_LIST_LENGTH),
        ("Array(Float32)", pb.ENCODING_NUMERIC, DEFAULT_LIST_LENGTH),
    ],
)
def test_the_type_decides_without_tags(
    feast_type: str, encoding: "pb.Encoding.ValueType", list_length: int
) -> None:
    expected = pb.Input(
        name="f",
        source=pb.SOURCE_MEMBER,
        data_type=data_type(feast_type),
        feature_view="v",
        ttl_seconds=60,
        encoding=encoding,
        list_length=list_length,
    )

    assert _input(feast_type) == expected


def test_tags_decide_where_they_are() -> None:
    text = _input("Array(String)", length="4", default="none", vocabulary_of="g", owner="somebody")
    number = _input("Int64", encoding="log", default="-2.5")

    assert (text.list_length, text.default_text, text.vocabulary_of) == (4, "none", "g")
    assert (number.encoding, number.default_number) == (pb.ENCODING_LOG, -2.5)
    assert _input("String", encoding="none").encoding == pb.ENCODING_UNSPECIFIED
    assert not _input("Int64").HasField("default_number")


def test_a_tag_says_what_is_done_where_there_is_no_value() -> None:
    assert _input("Int64", on_missing="default") == _input("Int64")
    assert _input("Int64", on_missing="fail").missing_policy == pb.MISSING_POLICY_FAIL
    assert _input("Int64", on_missing="last_value", encoding="none").missing_policy == pb.MISSING_POLICY_LAST_VALUE


@pytest.mark.parametrize(
    ("feast_type", "tags", "message"),
    [
        ("UnixTimestamp", {}, "type UnixTimestamp is not supported"),
        ("Int64", {"encodng": "log"}, "unknown tag 'encodng'"),
        ("Int64", {"encoding": "bucket"}, "encoding is 'bucket', expected one of none, numeric, log, vocabulary"),
        ("String", {"encoding": "log"}, "does not fit a text"),
        ("Float32", {"encoding": "vocabulary"}, "fits texts and whole numbers only"),
        ("Array(Int64)", {"encoding": "numeric"}, r"has to be Array\(Float32\)"),
        ("Int64", {"default": "many"}, "default is 'many', expected a number"),
        ("Array(String)", {"length": "0"}, "length is '0'"),
        ("Array(String)", {"length": "ten"}, "length is 'ten'"),
        ("Int64", {"vocabulary_of": "g"}, "fits the encoding 'vocabulary' only"),
        ("Int64", {"on_missing": "skip"}, "on_missing is 'skip', expected one of default, last_value, fail"),
        (
            "Int64",
            {"on_missing": "fail", "encoding": "none"},
            "on_missing is 'fail', which fits only what",
        ),
    ],
)
def test_a_tag_that_does_not_fit_is_refused_by_the_name_of_its_feature(
    feast_type: str, tags: dict[str, str], message: str
) -> None:
    with pytest.raises(TagError, match=f"feature 'f': .*{message}"):
        _input(feast_type, **tags)


def test_a_feature_service_names_its_roles() -> None:
    tags = {"member_key": "m", "class_key": "c", "catalogue_view": "all"}

    assert feature_source("s", tags) == pb.FeatureSource(feature_service="s", **tags)
    popular = feature_source("s", {**tags, "popularity": "starts"})
    assert popular == pb.FeatureSource(feature_service="s", popularity_feature="starts", **tags)


@pytest.mark.parametrize("missing", ["member_key", "class_key", "catalogue_view"])
def test_a_feature_service_without_a_role_is_refused(missing: str) -> None:
    tags = {"member_key": "m", "class_key": "c", "catalogue_view": "all"}
    del tags[missing]

    with pytest.raises(TagError, match=f"feature service 's' lacks the tag '{missing}'"):
        feature_source("s", tags)
