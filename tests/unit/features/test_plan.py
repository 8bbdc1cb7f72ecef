"""The plan is the difference of two descriptions, and what it breaks."""

from dataclasses import replace

import pytest

from contract.stubs import manifest_pb2 as pb
from features.description import About, Description, FeatureDescription, ServiceDescription, ViewDescription
from features.lineage import Use, lineage
from features.plan import Change, lines, plan, summary
from features.published import BrokenModel, PublishedModel, broken_models

pytestmark = pytest.mark.slow

DAY = 86_400
MEMBER_VIEW = ViewDescription(
    join_keys=("member_id",),
    ttl_seconds=3 * DAY,
    source="/data/member_profile/*.parquet",
    features={"member_country": FeatureDescription("String", {"default": "unknown"})},
)
CLASS_VIEW = ViewDescription(
    join_keys=("class_id",),
    ttl_seconds=0,
    source="/data/class_profile/*.parquet",
    features={"class_minutes": FeatureDescription("Int32"), "class_title": FeatureDescription("String")},
)
CATALOGUE_VIEW = ViewDescription(("shard",), 0, "/data/class_catalogue/*.parquet", {})
ROLES = {"member_key": "member_id", "class_key": "class_id", "catalogue_view": "class_catalogue"}
SERVICE = ServiceDescription(
    frozenset({"member_profile:member_country", "class_profile:class_minutes", "class_profile:class_title"}), ROLES
)
BASE = Description(
    entities={"member": "member_id STRING", "class": "class_id STRING"},
    views={"member_profile": MEMBER_VIEW, "class_profile": CLASS_VIEW, "class_catalogue": CATALOGUE_VIEW},
    services={"ranking_v1": SERVICE},
)


def with_view(name: str, view: ViewDescription) -> Description:
    return replace(BASE, views={**BASE.views, name: view})


def with_service(service: ServiceDescription) -> Description:
    return replace(BASE, services={"ranking_v1": service})


def member_feature(dtype: str, **tags: str) -> Description:
    return with_view(
        "member_profile", replace(MEMBER_VIEW, features={"member_country": FeatureDescription(dtype, tags)})
    )


WITHOUT_TITLE = replace(CLASS_VIEW, features={"class_minutes": FeatureDescription("Int32")})


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (BASE, []),
        (
            replace(BASE, entities={"member": "member_id STRING"}),
            [("entity class", "key", "class_id STRING", None)],
        ),
        (
            replace(BASE, entities={**BASE.entities, "class": "class_id INT64"}),
            [("entity class", "key", "class_id STRING", "class_id INT64")],
        ),
        (
            with_view("member_profile", replace(MEMBER_VIEW, ttl_seconds=DAY)),
            [("view member_profile", "ttl", "3 days", "1 day")],
        ),
        (
            with_view("class_profile", replace(CLASS_VIEW, ttl_seconds=DAY // 2)),
            [("view class_profile", "ttl", "none", "12:00:00")],
        ),
        (
            with_view("member_profile", replace(MEMBER_VIEW, source="/elsewhere")),
            [("view member_profile", "source", "/data/member_profile/*.parquet", "/elsewhere")],
        ),
        (
            with_view("member_profile", replace(MEMBER_VIEW, join_keys=("member_id", "class_id"))),
            [("view member_profile", "keys", "member_id", "member_id, class_id")],
        ),
        (
            member_feature("Int64", default="unknown"),
            [
                (
                    "view member_profile",
                    "feature member_country",
                    "String (default 'unknown')",
                    "Int64 (default 'unknown')",
                )
            ],
        ),
        (
            member_feature("String", default="unknown", encoding="none"),
            [
                (
                    "view member_profile",
                    "feature member_country",
                    "String (default 'unknown')",
                    "String (default 'unknown', encoding 'none')",
                )
            ],
        ),
        (
            with_view("class_profile", WITHOUT_TITLE),
            [("view class_profile", "feature class_title", "String", None)],
        ),
        (
            with_view("extra", CATALOGUE_VIEW),
            [
                ("view extra", "keys", None, "shard"),
                ("view extra", "source", None, "/data/class_catalogue/*.parquet"),
                ("view extra", "ttl", None, "none"),
            ],
        ),
        (
            with_service(replace(SERVICE, features=SERVICE.features - {"class_profile:class_title"})),
            [("service ranking_v1", "feature class_profile:class_title", "", None)],
        ),
        (
            with_service(replace(SERVICE, tags={**ROLES, "member_key": "user_id"})),
            [("service ranking_v1", "tag member_key", "member_id", "user_id")],
        ),
        (
            with_service(replace(SERVICE, tags={**ROLES, "popularity": "class_minutes"})),
            [("service ranking_v1", "tag popularity", None, "class_minutes")],
        ),
    ],
)
def test_a_plan_lists_what_differs(
    after: Description, changes: list[tuple[str, str, str | None, str | None]]
) -> None:
    assert [(c.subject, c.aspect, c.before, c.after) for c in plan(BASE, after)] == changes
    assert [(c.subject, c.aspect, c.after, c.before) for c in plan(after, BASE)] == changes


@pytest.mark.parametrize(
    ("after", "is_breaking"),
    [
        (replace(BASE, entities={"member": "member_id STRING"}), True),
        (replace(BASE, entities={**BASE.entities, "class": "class_id INT64"}), True),
        (with_view("member_profile", replace(MEMBER_VIEW, ttl_seconds=DAY)), True),
        (with_view("member_profile", replace(MEMBER_VIEW, ttl_seconds=4 * DAY)), False),
        (with_view("member_profile", replace(MEMBER_VIEW, ttl_seconds=0)), False),
        (with_view("class_profile", replace(CLASS_VIEW, ttl_seconds=DAY)), True),
        (with_view("member_profile", replace(MEMBER_VIEW, source="/elsewhere")), False),
        (with_view("member_profile", replace(MEMBER_VIEW, join_keys=("user_id",))), True),
        (member_feature("Int64", default="unknown"), True),
        (member_feature("String", default="other", encoding="none"), False),
        (with_view("class_profile", WITHOUT_TITLE), True),
        (with_view("extra", CATALOGUE_VIEW), False),
        (with_view("member_profile", replace(MEMBER_VIEW, about=About("me", "What members say."))), False),
        (with_service(replace(SERVICE, features=SERVICE.features - {"class_profile:class_title"})), True),
        (with_service(replace(SERVICE, tags={**ROLES, "member_key": "user_id"})), True),
    ],
)
def test_a_change_is_breaking_where_readers_may_no_longer_work_or_know_less(
    after: Description, is_breaking: bool
) -> None:
    assert {change.is_breaking for change in plan(BASE, after)} == {is_breaking}


def test_to_give_an_entity_a_type_is_no_breaking_change() -> None:
    untyped = replace(BASE, entities={**BASE.entities, "member": "member_id UNKNOWN"})

    assert [change.is_breaking for change in plan(untyped, BASE)] == [False]
    assert [change.is_breaking for change in plan(BASE, untyped)] == [True]


def test_what_is_said_for_people_is_a_change_only_of_what_was_there_before() -> None:
    title = FeatureDescription("String", about=About("title@x", "The title."))
    told = replace(
        WITHOUT_TITLE, about=About("class@x", ""), features={**CLASS_VIEW.features, "class_title": title}
    )

    assert lines(plan(BASE, with_view("class_profile", told))) == [
        "view class_profile",
        "  ~ feature class_title description nothing → The title.",
        "  ~ feature class_title owner nothing → title@x",
        "  ~ owner nothing → class@x",
    ]
    without = with_view("class_profile", WITHOUT_TITLE)
    assert [change.aspect for change in plan(without, with_view("class_profile", told))] == [
        "feature class_title",
        "owner",
    ]


def test_changes_are_counted_for_each_subject() -> None:
    changes = [
        Change("service s", "feature v:a", before=None, after=""),
        Change("view v", "feature a", before=None, after="Int64"),
        Change("view v", "feature b", before="Int64", after=None),
        Change("view v", "feature c", before=None, after="Int64"),
        Change("view v", "ttl", before="1 day", after="2 days"),
    ]
    assert summary(changes) == ["service s: 1 added", "view v: 2 added, 1 changed, 1 removed"]


def test_changes_are_shown_as_a_diff() -> None:
    changes = [
        Change("service a", "feature v:x", "", None),
        Change("view v", "feature x", None, "Int64"),
        Change("view v", "ttl", "3 days", "1 day", is_breaking=True),
    ]
    assert lines(changes) == [
        "service a",
        "  - feature v:x",
        "view v",
        "  + feature x Int64",
        "  ~ ttl 3 days → 1 day (breaking)",
    ]


def manifest() -> pb.Manifest:
    return pb.Manifest(
        model_name="ranking",
        version=7,
        feature_source=pb.FeatureSource(feature_service="ranking_v1", **ROLES),
        inputs=[
            pb.Input(
                name="member_country",
                source=pb.SOURCE_MEMBER,
                data_type=pb.DATA_TYPE_STRING,
                feature_view="member_profile",
                ttl_seconds=3 * DAY,
            ),
            pb.Input(
                name="class_minutes",
                source=pb.SOURCE_CLASS,
                data_type=pb.DATA_TYPE_INT32,
                feature_view="class_profile",
            ),
            pb.Input(name="request_time", source=pb.SOURCE_REQUEST_TIME, data_type=pb.DATA_TYPE_INT64),
        ],
        display_features=[
            pb.Input(
                name="class_title",
                source=pb.SOURCE_CLASS,
                data_type=pb.DATA_TYPE_STRING,
                feature_view="class_profile",
            )
        ],
    )


LABELLED = PublishedModel(manifest(), ("stable",))


@pytest.mark.parametrize(
    ("after", "reasons"),
    [
        (replace(BASE, services={}), ["feature service 'ranking_v1' is not registered"]),
        (
            with_service(replace(SERVICE, tags={**ROLES, "class_key": "video_id"})),
            ["class_key of feature service 'ranking_v1' is 'video_id', expected 'class_id'"],
        ),
        (
            replace(BASE, views={n: v for n, v in BASE.views.items() if n != "class_catalogue"}),
            ["view 'class_catalogue' is not registered"],
        ),
        (with_view("class_profile", WITHOUT_TITLE), ["feature 'class_profile:class_title' is not registered"]),
        (
            with_service(replace(SERVICE, features=SERVICE.features - {"class_profile:class_title"})),
            ["feature 'class_profile:class_title' is not in feature service 'ranking_v1'"],
        ),
        (
            member_feature("Int64"),
            ["feature 'member_profile:member_country' is Int64, the model reads another type"],
        ),
        (
            with_view("member_profile", replace(MEMBER_VIEW, ttl_seconds=DAY)),
            ["the TTL of view 'member_profile' is 1 day, the model expects 3 days"],
        ),
        (
            with_view("class_profile", replace(CLASS_VIEW, ttl_seconds=DAY)),
            ["the TTL of view 'class_profile' is 1 day, the model expects none"],
        ),
        (
            with_view("member_profile", replace(MEMBER_VIEW, join_keys=("user_id",))),
            ["view 'member_profile' is keyed by user_id, expected member_id"],
        ),
    ],
)
def test_a_change_that_breaks_a_published_model_says_why(after: Description, reasons: list[str]) -> None:
    assert broken_models([LABELLED], BASE, after) == [BrokenModel("ranking", 7, ("stable",), tuple(reasons))]
    assert broken_models([replace(LABELLED, labels=())], BASE, after) == []


@pytest.mark.parametrize(
    "after",
    [
        BASE,
        with_view("member_profile", replace(MEMBER_VIEW, ttl_seconds=0)),
        with_view("member_profile", replace(MEMBER_VIEW, ttl_seconds=4 * DAY)),
        with_view("member_profile", replace(MEMBER_VIEW, source="/elsewhere")),
        with_view("extra", CATALOGUE_VIEW),
        member_feature("String", default="other"),
    ],
)
def test_a_change_that_no_published_model_depends_on_breaks_none(after: Description) -> None:
    assert broken_models([LABELLED], BASE, after) == []


def test_a_model_that_is_broken_already_is_not_broken_by_the_change() -> None:
    broken = replace(BASE, services={})
    assert broken_models([LABELLED], broken, broken) == []


def test_a_model_without_features_is_never_broken() -> None:
    flat = PublishedModel(pb.Manifest(model_name="flat", version=1), ("stable",))
    assert broken_models([flat], BASE, Description()) == []


def test_lineage_is_asked_by_feature_view_or_model() -> None:
    country = Use("ranking", 7, ("stable",), "ranking_v1", "member_profile", "member_country")

    assert lineage([LABELLED], "member_country") == [country]
    assert lineage([LABELLED], "member_profile:member_country") == [country]
    assert [use.feature for use in lineage([LABELLED], "class_profile")] == ["class_minutes", "class_title"]
    assert len(lineage([LABELLED], "ranking")) == 3
    assert lineage([LABELLED], "request_time") == []
