"""`paceline features`: plan, apply, materialize and list."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.options import REPO, Profile, Repo
from cli.output import AsJson, messages, print_json, print_lines, print_table, progress
from contract.profile import data_dir

features = typer.Typer(no_args_is_help=True, help="Define, register and materialise features.")


@features.command("plan")
def plan_command(
    repo: Repo = REPO,
    profile: Profile = "",
    models: Annotated[Path, typer.Option(help="The folder of the published models.")] = Path("models"),
    as_json: AsJson = False,
) -> None:
    """Show what `apply` would change, and which published models it would break.

    Compares the definitions in the repository with the registry, like a diff:
    + is added, - removed, ~ changed. Nothing is changed by it.

    For example:

    paceline features plan
    paceline features plan --json
    """
    from features.description import describe, describe_registry
    from features.plan import lines, plan
    from features.published import broken_models, read_manifests
    from features.repository import load_definitions, open_store

    after = describe(load_definitions(repo))
    before = describe_registry(open_store(repo, profile))
    changes = plan(before, after)
    broken = broken_models(read_manifests(models), before, after)
    if as_json:
        print_json({"changes": [asdict(c) for c in changes], "broken_models": [asdict(b) for b in broken]})
        return
    print_lines(lines(changes) or ["No changes."])
    for version in broken:
        print_lines(
            [f"breaks model {version.model} version {version.version}:", *(f"  {r}" for r in version.reasons)]
        )


@features.command("apply")
def apply_command(repo: Repo = REPO, profile: Profile = "", as_json: AsJson = False) -> None:
    """Register the definitions; what is no longer defined is removed.

    Removing a view also removes its rows from the online store, so look at
    `paceline features plan` first.

    For example:

    paceline features apply
    paceline features apply --profile redis
    """
    from features.apply import apply
    from features.plan import summary
    from features.repository import load_definitions, open_store

    changes = apply(open_store(repo, profile), load_definitions(repo))
    if as_json:
        print_json({"changes": [asdict(change) for change in changes]})
    else:
        print_lines(summary(changes) or ["No changes."])


@features.command("materialize")
def materialize_command(  # noqa: PLR0917 - Typer passes options by name
    repo: Repo = REPO,
    profile: Profile = "",
    world: Annotated[
        Path | None, typer.Option(help="The folder of the raw tables. [default: <data>/world]")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day. [default: that of the last event]")
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Compute again the days that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compute the missing days of features, write them to the online store, and list the live classes.

    A day is computed from what happened before its end and kept; it is computed
    again when its query or schema has changed, or with --rebuild. The online store
    is never moved backwards. A running server takes up the new catalogue by itself.

    For example:

    paceline features materialize
    paceline features materialize --until 2026-11-20
    """
    from features.materialize import materialize
    from features.repository import open_store

    folder = world or data_dir(repo) / "world"
    last_day = until.date() if until else None
    store = open_store(repo, profile)
    with progress() as display:
        task = display.add_task("Reading", total=None)

        def advance(what: str, done: int, total: int) -> None:
            display.update(task, description=what, completed=done, total=total)

        done = materialize(
            repo, store, folder, until=last_day, rebuild=rebuild, now=datetime.now(UTC), progress=advance
        )
    if as_json:
        print_json(asdict(done))
        return
    messages.print(f"Computed {done.built_count} files of rows; the online store shows {done.end.isoformat()}.")
    for catalogue in done.catalogues:
        messages.print(f"{catalogue.view}: {catalogue.class_count} classes, generation {catalogue.generation}.")


@features.command("list")
def list_command(
    service: Annotated[str | None, typer.Argument(help="Only what this feature service reads.")] = None,
    repo: Repo = REPO,
    profile: Profile = "",
    as_json: AsJson = False,
) -> None:
    """List the registered features: their types, descriptions, TTLs and owners, and the feature services.

    For example:

    paceline features list
    paceline features list ranking_v1 --json
    """
    from features.description import ttl_text
    from features.listing import list_registered
    from features.repository import open_store

    listing = list_registered(open_store(repo, profile), service)
    if as_json:
        print_json(asdict(listing))
        return
    for view in listing.views:
        title = (
            f"{view.name}: by {', '.join(view.join_keys)}, TTL {ttl_text(view.ttl_seconds)}, owner {view.owner}"
        )
        rows = [(f.name, f.type, f.description) for f in view.features]
        print_table(title, ("Feature", "Type", "Description"), rows)
    services = [(s.name, ", ".join(s.views), s.owner, s.description) for s in listing.services]
    print_table("Feature services", ("Service", "Views", "Owner", "Description"), services)
