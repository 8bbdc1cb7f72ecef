"""Small worlds of raw tables, drawn at random to the schema of `data/world`."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TIME = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())
_EVENT = {"event_id": pa.string(), "impression_id": pa.string(), "event_time": _TIME}
_WHO = {"member_id": pa.string(), "class_id": pa.string()}
SCHEMAS = {
    "members": pa.schema(
        {"member_id": pa.string(), "joined_time": _TIME}
        | dict.fromkeys(("country", "age_band", "equipment"), pa.string())
        | dict.fromkeys(("preferred_languages", "preferred_times"), _TEXTS)
    ),
    "classes": pa.schema(
        dict.fromkeys(("class_id", "title", "discipline", "instructor"), pa.string())
        | {"minutes": pa.int32(), "difficulty": pa.string(), "music_genres": _TEXTS}
        | {"language": pa.string(), "air_time": _TIME}
    ),
    "impressions": pa.schema(
        {"impression_id": pa.string(), "event_time": _TIME}
        | _WHO
        | {"surface": pa.string(), "position": pa.int32()}
    ),
    "starts": pa.schema(_EVENT | _WHO),
    "completions": pa.schema(_EVENT | _WHO | {"watched_minutes": pa.float64()}),
    "ratings": pa.schema(_EVENT | _WHO | {"rating": pa.int32()}),
}
PER_DAY = ("impressions", "starts", "completions", "ratings")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a world is."""

    members: int = 20
    classes: int = 12
    days: int = 5
    impressions_per_day: int = 60


def write_world(folder: Path, *, last_day: date, size: Size = Size(), seed: int = 1) -> None:
    """Writes a world whose last day of events is `last_day`."""
    chance = random.Random(seed)
    first_day = last_day - timedelta(days=size.days - 1)
    members = [_member(number, first_day, chance) for number in range(size.members)]
    classes = [_class(number, first_day, chance) for number in range(size.classes)]
    write_table(folder / "members" / "members.parquet", "members", members)
    write_table(folder / "classes" / "classes.parquet", "classes", classes)
    for number in range(size.days):
        day = first_day + timedelta(days=number)
        for table, rows in _events(day, members, classes, size.impressions_per_day, chance).items():
            write_table(folder / table / f"day={day}" / "part.parquet", table, rows)


def write_table(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows of one of the world's tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], SCHEMAS[table]), path)


def _member(number: int, first_day: date, chance: random.Random) -> dict[str, Any]:
    return {
        "member_id": f"m{number:06}",
        "joined_time": datetime.combine(first_day, time(8), UTC) - timedelta(days=chance.randrange(100)),
        "country": chance.choice(("GB", "DE")),
        "age_band": chance.choice(("18-24", "25-34")),
        "equipment": chance.choice(("none", "bike")),
        "preferred_languages": chance.sample(("en", "de", "fr"), chance.randrange(3)),
        "preferred_times": [chance.choice(("early", "evening"))],
    }


def _class(number: int, first_day: date, chance: random.Random) -> dict[str, Any]:
    return {
        "class_id": f"c{number:05}",
        "title": f"Class {number}",
        "discipline": chance.choice(("ride", "yoga", "strength")),
        "instructor": chance.choice(("Dana", "Leila")),
        "minutes": chance.choice((10, 30, 45)),
        "difficulty": chance.choice(("beginner", "advanced")),
        "music_genres": chance.sample(("pop", "rock"), chance.randrange(3)),
        "language": chance.choice(("en", "de")),
        "air_time": datetime.combine(first_day, time(6), UTC) - timedelta(days=chance.randrange(50)),
    }


def _events(
    day: date,
    members: Sequence[Mapping[str, Any]],
    classes: Sequence[Mapping[str, Any]],
    count: int,
    chance: random.Random,
) -> dict[str, list[dict[str, Any]]]:
    events: dict[str, list[dict[str, Any]]] = {table: [] for table in PER_DAY}
    midnight = datetime.combine(day, time(), UTC)
    for number in range(count):
        moment = midnight + timedelta(seconds=chance.randrange(86_400))
        event = {
            "impression_id": f"{day}-{number}",
            "event_id": f"{day}-{number}",
            "event_time": moment,
            "member_id": chance.choice(members)["member_id"],
            "class_id": chance.choice(classes)["class_id"],
            "surface": "home",
            "position": number % 5,
            "watched_minutes": 12.5,
            "rating": chance.randrange(1, 6),
        }
        for table, share in zip(PER_DAY, (1.0, 0.4, 0.6, 0.3), strict=True):
            if chance.random() > share:
                break
            events[table].append(event)
    return events
