"""A profile used from end to end, and that in a process of its own, for Spark: see `tests.support.spark`."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from contract.profile import data_dir
from features.apply import apply
from features.description import describe, describe_registry
from features.materialize import materialize
from features.plan import lines, plan
from features.repository import load_definitions, open_store
from tests.support.java import require_java

JOINED = ("member_activity", "class_profile")
"""The views whose features are joined; each takes Spark some seconds."""

Used = tuple[list[str], Mapping[str, list[Any]]]
"""What a plan would still change, and the features by name, in the order of the pairs."""


def use_profile(repo: Path, profile: str, pairs: Sequence[Mapping[str, str]], now: datetime) -> Used:
    """Applies and materialises a repository, and joins the features of pairs of a member and a class."""
    store, objects = open_store(repo, profile), load_definitions(repo, profile)
    apply(store, objects)
    world = data_dir(repo) / "world"
    materialize(repo, store, world, until=None, rebuild=False, now=now, progress=lambda *_: None)
    asked = pd.DataFrame(pairs).assign(row=range(len(pairs)), event_timestamp=pd.Timestamp(now))
    joined = [view for view in store.list_feature_views() if view.name in JOINED]
    features = [f"{view.name}:{feature.name}" for view in joined for feature in view.features]
    found = store.get_historical_features(asked, features, filter_by_created_timestamp=True).to_arrow()
    rows = found.sort_by("row").drop_columns(["row", "event_timestamp"])
    return lines(plan(describe_registry(store), describe(objects))), rows.to_pydict()


def use_profile_on_spark(repo: Path, profile: str, pairs: Sequence[Mapping[str, str]], now: datetime) -> Used:
    """Does so in a process of its own."""
    require_java()
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(use_profile, repo, profile, pairs, now).result()
