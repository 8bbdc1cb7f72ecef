"""Rankings and scores as tables and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.output import print_table, say
from paceline import from_feature_value
from paceline.v1.recommendation_service_pb2 import (
    CLASS_STATUS_SCORED,
    MEMBER_STATUS_UNKNOWN,
    SERVING_MODE_BATCH_SCORED,
    SERVING_MODE_POPULAR,
    FeatureValue,
    RecommendClassesResponse,
    ScoreClassesResponse,
)

Response = RecommendClassesResponse | ScoreClassesResponse

_WITHOUT_MODEL = {
    SERVING_MODE_BATCH_SCORED: "this list was ranked beforehand",
    SERVING_MODE_POPULAR: "these classes are popular",
}


def print_ranking(member_id: str, response: RecommendClassesResponse, shown: Sequence[str]) -> None:
    """Prints the classes with the features that are shown."""
    _note(member_id, response, response.unknown_class_ids)
    rows = [
        (rank, ranked.class_id, *map(_cell, ranked.class_features), ranked.score)
        for rank, ranked in enumerate(response.classes, start=1)
    ]
    if rows:
        title = f"{_title(member_id, response)}, {response.candidate_count} candidates"
        print_table(title, ["rank", "class", *shown, "score"], rows)
    else:
        say("No class satisfies the request.")


def print_scores(member_id: str, response: ScoreClassesResponse) -> None:
    """Prints the classes that were scored."""
    _note(member_id, response, _unknown(response))
    rows = [(one.class_id, one.score) for one in response.classes if one.status == CLASS_STATUS_SCORED]
    if rows:
        print_table(_title(member_id, response), ["class", "score"], rows)


def ranking_document(
    member_id: str, response: RecommendClassesResponse, shown: Sequence[str]
) -> Mapping[str, Any]:
    """Returns the ranking for JSON."""
    classes = [
        {
            "class_id": ranked.class_id,
            "score": ranked.score,
            "features": dict(zip(shown, map(from_feature_value, ranked.class_features), strict=True)),
        }
        for ranked in response.classes
    ]
    return {
        **_document(member_id, response, response.unknown_class_ids),
        "candidate_count": response.candidate_count,
        "classes": classes,
    }


def scores_document(member_id: str, response: ScoreClassesResponse) -> Mapping[str, Any]:
    """Returns the scores for JSON; the classes that the catalogue does not hold are apart."""
    classes = [
        {"class_id": one.class_id, "score": one.score}
        for one in response.classes
        if one.status == CLASS_STATUS_SCORED
    ]
    return {**_document(member_id, response, _unknown(response)), "classes": classes}


def _note(member_id: str, response: Response, unknown: Sequence[str]) -> None:
    """Says what the user may not expect."""
    if response.serving_mode in _WITHOUT_MODEL:
        say(f"The model can't rank for member {member_id} now: {_WITHOUT_MODEL[response.serving_mode]}.")
    elif response.member_status == MEMBER_STATUS_UNKNOWN:
        say(f"The feature store does not know member {member_id}: the scores are made from defaults.")
    if unknown:
        say(f"Not in the catalogue: {', '.join(unknown)}.")


def _title(member_id: str, response: Response) -> str:
    return f"{member_id} by {response.model_version.name}, version {response.model_version.version}"


def _cell(message: FeatureValue) -> int | str:
    match from_feature_value(message):
        case None:
            return "-"
        case bool(value):
            return str(value).lower()
        case float(value):
            return f"{value:g}"
        case [*texts]:
            return ", ".join(texts)
        case value:
            return value


def _unknown(response: ScoreClassesResponse) -> list[str]:
    return [one.class_id for one in response.classes if one.status != CLASS_STATUS_SCORED]


def _document(member_id: str, response: Response, unknown: Sequence[str]) -> Mapping[str, Any]:
    return {
        "member_id": member_id,
        "member_known": response.member_status != MEMBER_STATUS_UNKNOWN,
        "model": {"name": response.model_version.name, "version": response.model_version.version},
        "catalogue_generation": response.catalogue_generation,
        "unknown_class_ids": list(unknown),
    }
