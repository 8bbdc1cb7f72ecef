"""`paceline features list` and `lineage`: what there is, and who uses it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.options import REPO, Models, Profile, Repo
from cli.output import AsJson, print_json, print_table, say
from contract.unchecked import without_typeguard


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
    with without_typeguard():
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
    for asked in listing.on_demand_views:
        title = f"{asked.name}: computed from {', '.join(asked.reads)}, owner {asked.owner}"
        rows = [(f.name, f.type, f.description) for f in asked.features]
        print_table(title, ("Feature", "Type", "Description"), rows)
    services = [(s.name, ", ".join(s.views), s.owner, s.description) for s in listing.services]
    print_table("Feature services", ("Service", "Views", "Owner", "Description"), services)


def lineage_command(
    name: Annotated[str, typer.Argument(help="A feature, alone or as view:feature; a view; or a model.")],
    *,
    models: Models = Path("models"),
    as_json: AsJson = False,
) -> None:
    """Show which published models use a feature or a view, or which features a model uses.

    For example:

    paceline features lineage member_country
    paceline features lineage ranking --json
    """
    with without_typeguard():
        from features.lineage import lineage
        from features.published import read_published

    uses = lineage(read_published(models), name)
    if as_json:
        print_json({"uses": [asdict(use) for use in uses]})
        return
    if not uses:
        say(f"No model published in {models} is or uses {name!r}.")
        return
    rows = [(u.model, str(u.version), ", ".join(u.labels), u.service, u.view, u.feature) for u in uses]
    print_table(name, ("Model", "Version", "Labels", "Service", "View", "Feature"), rows)
