"""Lists of models are read as TensorFlow Serving writes them, and written as it reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.models import Every, Latest, ModelConfig, Specific
from server.rpc.tfserving.model_configs import format_model_configs, parse_model_configs

TEXT = """
model_config_list {
  config { name: "ranking" base_path: "models/ranking" model_platform: "tensorflow" }
  config {
    name: "half"
    base_path: "s3://bucket/half"
    model_version_policy { specific { versions: 3 versions: 4 } }
    version_labels { key: "stable" value: 3 }
    version_labels { key: "canary" value: 4 }
  }
  config: { name: "more" base_path: "/more" model_version_policy { latest { num_versions: 2 } } }
  config: { name: "none" base_path: "/none" model_version_policy { latest {} } }
  config: { name: "all" base_path: "/all" model_version_policy { all {} } }
}
"""

NAMES = st.text(min_size=1)
VERSIONS = st.integers(1, 2**63 - 1)
POLICIES = (
    st.just(Every())
    | st.integers(1, 2**32 - 1).map(Latest)
    | st.frozensets(VERSIONS, min_size=1, max_size=3).map(Specific)
)
CONFIGS = st.builds(ModelConfig, NAMES, NAMES, POLICIES, st.dictionaries(NAMES, VERSIONS, max_size=3))


def violations(text: str) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as error:
        parse_model_configs(text, "models.config")
    return {violation.field: violation.description for violation in error.value.violations}


def test_a_text_names_models_with_their_versions_and_labels() -> None:
    assert parse_model_configs(TEXT, "models.config") == [
        ModelConfig("ranking", "models/ranking"),
        ModelConfig("half", "s3://bucket/half", Specific(frozenset({3, 4})), {"stable": 3, "canary": 4}),
        ModelConfig("more", "/more", Latest(2)),
        ModelConfig("none", "/none", Latest(1)),
        ModelConfig("all", "/all", Every()),
    ]


@given(st.lists(CONFIGS, max_size=3, unique_by=lambda config: config.name))
def test_what_is_written_is_read_back(configs: list[ModelConfig]) -> None:
    assert parse_model_configs(format_model_configs(configs), "models.config") == configs


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ('model_config_list {\n  config { nam: "x" }\n}', "line 2, column 12", 'has no field named "nam"'),
        ("model_config_list {", "line 1, column 19", 'Expected "}"'),
        ('model_config_list {\n config { name: "a" name: "b" } }', "line 2, column 27", 'multiple "name"'),
        (
            "model_config_list { config { model_version_policy { latest {} all {} } } }",
            "line 1, column 63",
            'Field "all" is specified along with field "latest"',
        ),
        ("custom_model_config {}\nmodel_config_list {}", "line 2, column 1", "is specified along with"),
    ],
)
def test_a_text_that_does_not_parse_says_where(text: str, place: str, problem: str) -> None:
    [(field, description)] = violations(text).items()
    assert field == "models.config"
    assert description.startswith(f"{place}: ")
    assert problem in description


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "is missing, expected a list of models"),
        ("custom_model_config {}", "is replaced by custom_model_config, expected a list of models"),
    ],
)
def test_only_a_list_of_models_is_read(text: str, found: str) -> None:
    assert violations(text) == {"models.config: model_config_list": found}


def test_every_field_that_can_not_be_is_named() -> None:
    text = """
    model_config_list {
      config { model_platform: "onnx" logging_config {} }
      config { name: "a" base_path: "/a" model_type: TENSORFLOW }
      config {
        name: "a" base_path: "/a"
        version_labels { key: "" value: 1 }
        version_labels { key: "stable" value: 0 }
        model_version_policy { specific { versions: 1 versions: -1 } }
      }
      config { name: "b" base_path: "/b" model_version_policy { specific {} } }
    }
    """
    at = "models.config: model_config_list.config"
    assert violations(text) == {
        f"{at}[0].name": "is empty, expected the name of a model",
        f"{at}[0].base_path": "is empty, expected the folder of the model's versions",
        f"{at}[0].model_platform": "is 'onnx', expected 'tensorflow'",
        f"{at}[0].logging_config": "is not supported, expected none",
        f"{at}[1].model_type": "is deprecated, expected model_platform: 'tensorflow' instead",
        f"{at}[2].name": "is 'a' once more, expected each model once",
        f"{at}[2].version_labels['']": "is 1, expected a label and a version above 0",
        f"{at}[2].version_labels['stable']": "is 0, expected a label and a version above 0",
        f"{at}[2].model_version_policy.specific.versions[1]": "is -1, expected a version above 0",
        f"{at}[3].model_version_policy.specific.versions": "is empty, expected at least one version",
    }


def test_no_models_at_all_are_a_list_too() -> None:
    assert parse_model_configs("model_config_list {}", "models.config") == []


def test_the_source_is_named_where_a_text_does_not_parse() -> None:
    with pytest.raises(InvalidRequest) as error:
        parse_model_configs("}", "config_text")
    [violation] = error.value.violations
    assert violation == FieldViolation(
        "config_text", "line 1, column 1: '}': Expected identifier or number, got }."
    )
