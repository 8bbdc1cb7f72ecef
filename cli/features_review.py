"""`paceline features lint`, `plan`, `check`, `apply`: a change of the definitions on its way to the registry."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.admin_options import NoteOptions
from cli.option_groups import with_groups
from cli.options import REPO, Models, Profile, Repo
from cli.output import AsJson, print_json, print_lines, say
from contract.profile import data_dir

if TYPE_CHECKING:
    from features.lint import Finding
    from features.plan import Change
    from features.review import Review

FOUND, SAFE, BREAKING = 1, 2, 3
"""The exit codes where lint found something, where an apply would change something, and where that would break."""


def lint_command(repo: Repo = REPO, profile: Profile = "", as_json: AsJson = False) -> None:
    """Say what the definitions lack: owners, descriptions, TTLs, defaults, columns of time, good names.

    Nothing but the repository is read. Exits with 1 if there is something to mend.

    For example:

    paceline features lint
    """
    findings = _findings(repo, profile)
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        print_lines(map(str, findings) if findings else ["Nothing to mend."])
    raise typer.Exit(FOUND if findings else 0)


def plan_command(
    repo: Repo = REPO, profile: Profile = "", models: Models = Path("models"), as_json: AsJson = False
) -> None:
    """Show what `apply` would change, and which published models it would break.

    Compares the definitions in the repository with the registry, like a diff:
    + is added, - removed, ~ changed. A change is breaking if those who read the
    features may no longer work, or know less. Nothing is changed by it. Exits with 0
    if nothing would change, with 2 if all changes are safe, and with 3 if one is
    breaking.

    For example:

    paceline features plan
    paceline features plan --json
    """
    found = _review(repo, profile, models)
    if as_json:
        print_json(asdict(found))
    else:
        _show(found)
    raise typer.Exit(_code(found))


def check_command(
    repo: Repo = REPO, profile: Profile = "", models: Models = Path("models"), as_json: AsJson = False
) -> None:
    """Lint the definitions, and see that no published model that a label is on would break.

    For a pull request. Exits with 1 if there is something to mend, and with 3 if a
    model would break.

    For example:

    paceline features check
    """
    findings, found = _findings(repo, profile), _review(repo, profile, models)
    if as_json:
        print_json({"findings": [asdict(f) for f in findings], "broken_models": asdict(found)["broken_models"]})
    else:
        print_lines(map(str, findings))
        _show_broken(found)
        if not (findings or found.broken_models):
            say("Nothing to mend, and no model breaks.")
    raise typer.Exit(BREAKING if found.broken_models else FOUND if findings else 0)


@with_groups
def apply_command(
    *,
    repo: Repo = REPO,
    profile: Profile = "",
    models: Models = Path("models"),
    allow_breaking: Annotated[
        bool, typer.Option("--allow-breaking", help="Apply changes that break readers of the features, too.")
    ] = False,
    note: NoteOptions,
    as_json: AsJson = False,
) -> None:
    """Register the definitions; what is no longer defined is removed.

    Removing a view also removes its rows from the online store. Changes that are
    breaking, see `paceline features plan`, are applied only with --allow-breaking and
    a reason; otherwise nothing is, and the exit code is 3. What was applied, when, by
    whom and why, is kept in feature_changes.jsonl in the folder of all data.

    For example:

    paceline features apply
    paceline features apply --allow-breaking -m "nobody reads member_shoe_size"
    """
    from features.apply import apply
    from features.history import record
    from features.registry_lock import writing_registry
    from features.repository import load_definitions, open_store
    from features.review import review

    if allow_breaking and not note.reason:
        raise typer.BadParameter("--allow-breaking needs a --reason")
    store, objects = open_store(repo, profile), load_definitions(repo, profile)
    with writing_registry(store):
        if not allow_breaking:
            _refuse_if_breaking(review(store, objects, models), as_json=as_json)
        changes = apply(store, objects)
        if changes:
            record(data_dir(repo), changes, actor=note.who, reason=note.reason, now=datetime.now(UTC))
    if as_json:
        print_json({"applied": True, "changes": [asdict(change) for change in changes]})
    else:
        _summarize(changes)


def _refuse_if_breaking(found: "Review", *, as_json: bool) -> None:
    if not found.is_breaking:
        return
    if as_json:
        print_json({"applied": False, **asdict(found)})
    else:
        _show(found)
    say("Nothing was applied. --allow-breaking --reason TEXT applies it nevertheless.")
    raise typer.Exit(BREAKING)


def _findings(repo: Path, profile: str) -> "list[Finding]":
    from features.lint import lint
    from features.repository import load_definitions

    return lint(load_definitions(repo, profile))


def _review(repo: Path, profile: str, models: Path) -> "Review":
    from features.repository import load_definitions, open_store
    from features.review import review

    return review(open_store(repo, profile), load_definitions(repo, profile), models)


def _code(found: "Review") -> int:
    if found.is_breaking:
        return BREAKING
    return SAFE if found.changes else 0


def _show(found: "Review") -> None:
    from features.plan import lines

    print_lines(lines(found.changes) or ["No changes."])
    _show_broken(found)


def _show_broken(found: "Review") -> None:
    for model in found.broken_models:
        labels = f"{', '.join(model.labels)} {'is' if len(model.labels) == 1 else 'are'} on"
        print_lines(
            [
                f"breaks model {model.model} version {model.version}, which {labels}:",
                *(f"  {reason}" for reason in model.reasons),
                f"  way out: keep what it reads, train a version without, and change this once no label is on"
                f" version {model.version}",
            ]
        )


def _summarize(changes: "Sequence[Change]") -> None:
    from features.plan import summary

    print_lines(summary(changes) or ["No changes."])
