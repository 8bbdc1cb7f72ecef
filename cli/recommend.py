"""`paceline recommend` and `paceline score`: ask a running server, as any backend would."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.conditions import Feature, parse_feature, parse_filter
from cli.connection import Address, Timeout, TlsCa, TlsCert, TlsKey, connected, tls_options
from cli.output import AsJson, print_json
from cli.rankings import print_ranking, print_scores, ranking_document, scores_document
from paceline import Choice, InvalidRequest, PacelineClient
from paceline.v1.recommendation_service_pb2 import ClassFilter, RecommendClassesResponse

DEFAULT_SHOW = "class_title,class_discipline,class_minutes"


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time such as 2026-03-01T07:30") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


MemberId = Annotated[str, typer.Argument(help="The member to ask for.", show_default=False)]
ClassIds = Annotated[list[str], typer.Argument(help="The classes to score.", show_default=False)]
PageSize = Annotated[int, typer.Option(min=1, max=1000, help="The most classes to show.")]
Filters = Annotated[
    list[ClassFilter] | None,
    typer.Option(
        "--filter", parser=parse_filter, metavar="NAME=VALUE", help="Only classes that satisfy this; repeatable."
    ),
]
Excluded = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="CLASS_ID", help="Not this class; repeatable.")
]
Candidates = Annotated[
    list[str] | None,
    typer.Option("--candidate", metavar="CLASS_ID", help="Only this class and others so named; repeatable."),
]
Context = Annotated[
    list[Feature] | None,
    typer.Option(
        parser=parse_feature, metavar="NAME=VALUE", help="A context feature, such as surface=home; repeatable."
    ),
]
Show = Annotated[
    str | None,
    typer.Option(
        envvar="PACELINE_SHOW",
        metavar="NAME,NAME",
        help="The class features to show.",
        show_default=f"{DEFAULT_SHOW} if the model has them",
    ),
]
At = Annotated[
    datetime | None,
    typer.Option(parser=_time, metavar="TIME", help="The moment asked about, in UTC.", show_default="now"),
]


def recommend_command(
    member_id: MemberId,
    *,
    page_size: PageSize = 10,
    filters: Filters = None,
    excluded: Excluded = None,
    candidates: Candidates = None,
    context: Context = None,
    at: At = None,
    show: Show = None,
    address: Address = "127.0.0.1:8500",
    timeout: Timeout = 5.0,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
) -> None:
    """Show the classes that a member is most likely to start, best first.

    A filter is NAME=VALUE, NAME=VALUE,VALUE for any of several values, or
    NAME=LEAST..GREATEST for a range, which may be open at one end. 20 is a whole
    number, 4.5 a number, true and false are truth values; everything else is
    text, and so is "20" in double quotes.

    For example:

    paceline recommend m000001
    paceline recommend m000001 --filter class_discipline=yoga --filter class_minutes=10..30
    paceline recommend m000001 --context surface=home --at 2026-03-01T07:30
    paceline recommend m000001 --candidate c00001 --candidate c00002 --json
    """
    choice: Choice = {
        "page_size": page_size,
        "filters": filters or (),
        "excluded_class_ids": excluded or (),
        "candidate_class_ids": candidates or None,
        "context": dict(context or ()),
        "request_time": at,
    }
    with connected(address, timeout, tls_options(tls_ca, tls_cert, tls_key)) as client:
        response, shown = _recommend(client, member_id, show, choice)
    if as_json:
        print_json(ranking_document(member_id, response, shown))
    else:
        print_ranking(member_id, response, shown)


def score_command(
    member_id: MemberId,
    class_ids: ClassIds,
    *,
    context: Context = None,
    at: At = None,
    address: Address = "127.0.0.1:8500",
    timeout: Timeout = 5.0,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
) -> None:
    """Show how likely a member is to start each of the classes named, in the order named.

    For example:

    paceline score m000001 c00001 c00002
    paceline score m000001 c00001 --context surface=home --at 2026-03-01T07:30
    """
    with connected(address, timeout, tls_options(tls_ca, tls_cert, tls_key)) as client:
        response = client.score_classes(member_id, class_ids, context=dict(context or ()), request_time=at)
    if as_json:
        print_json(scores_document(member_id, response))
    else:
        print_scores(member_id, response)


def _recommend(
    client: PacelineClient, member_id: str, show: str | None, choice: Choice
) -> tuple[RecommendClassesResponse, list[str]]:
    """Returns the ranking and the names of the features in it: none where the model lacks those of the default."""
    names = [name for name in (DEFAULT_SHOW if show is None else show).split(",") if name]
    choice["class_feature_names"] = names
    try:
        return client.recommend_classes(member_id, **choice), names
    except InvalidRequest as error:
        lacking = any(violation.field.startswith("class_feature_names") for violation in error.violations)
        if show is not None or not lacking:
            raise
    choice["class_feature_names"] = ()
    return client.recommend_classes(member_id, **choice), []
