"""`paceline features skew`: what is served beside what was trained on."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import REPO, Models, Repo
from cli.output import AsJson, print_json, print_table, say
from contract.manifest import read_manifest
from contract.profile import data_dir
from contract.served import FOLDER

if TYPE_CHECKING:
    from training.skew import InputSkew, Skew

ABOVE = 3
"""The exit code where a feature has moved further than the limit."""

_HEADINGS = ("Feature", "PSI", "JS", "Null", "Was", "Stale", "Missing")
"""Few and short: with the longest of names they fit into 80 columns."""


def skew_command(
    *,
    repo: Repo = REPO,
    models: Models = Path("models"),
    name: Annotated[str, typer.Option(help="The name of the model.")] = "ranking",
    version: Annotated[
        int | None, typer.Option(help="The version.", show_default="the one that the label stable is on")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="How many days of the log to look at, today's the last.")] = 7,
    limit: Annotated[
        float, typer.Option(min=0, help="The PSI that a feature of members and requests may have.")
    ] = 0.25,
    as_json: AsJson = False,
) -> None:
    """Compare what was served with what the version was trained on, the feature that moved furthest first.

    Reads what `paceline serve --log-served` kept. PSI is the population stability
    index, JS the Jensen-Shannon divergence in bits, neither told of fewer than 200
    values. Null is the share without a value, and was that of the rows trained on;
    stale and missing are the shares of the answers whose row of the member was older
    than its TTL, or was not there. Exits with 3 if the PSI of a feature of members or
    requests is above the limit. Features of classes are held to none: they are those
    of the classes that were ranked first, which another model changes.

    For example:

    paceline features skew
    paceline features skew --days 1 --limit 0.1 --json
    """
    from training.serving_version import required_serving_version
    from training.skew import measure_skew

    manifest = read_manifest(models / name / str(version or required_serving_version(models / name)))
    first = datetime.now(UTC).date() - timedelta(days=days - 1)
    skew = measure_skew(data_dir(repo) / FOLDER, manifest, first)
    above = [one.feature for one in skew.features if one.is_above(limit)]
    if as_json:
        print_json({**asdict(skew), "limit": limit, "above_limit": above})
    else:
        _print(skew)
        say(f"Above {limit:g}: {', '.join(above)}." if above else f"No feature is above {limit:g}.")
    raise typer.Exit(ABOVE if above else 0)


def _print(skew: "Skew") -> None:
    title = f"{skew.model}, version {skew.version}, {skew.answer_count:,} answers"
    for is_of_class, whose in ((False, "members and requests"), (True, "the classes returned")):
        rows = [_row(one) for one in skew.features if one.is_of_class == is_of_class]
        if rows:
            print_table(f"{title}: {whose}", _HEADINGS, rows)


def _row(one: "InputSkew") -> tuple[str, ...]:
    return (
        one.feature,
        *map(_figure, (one.stability_index, one.jensen_shannon)),
        *map(_share, (one.null_served, one.null_trained, one.stale, one.missing)),
    )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
