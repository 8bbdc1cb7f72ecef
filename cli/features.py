"""`paceline features`: define, review, register and materialise features."""

import typer

from cli.features_list import lineage_command, list_command
from cli.features_materialize import materialize_command, status_command
from cli.features_review import apply_command, check_command, lint_command, plan_command
from cli.features_show import show_command
from cli.features_skew import skew_command

features = typer.Typer(no_args_is_help=True, help="Define, register and materialise features.")

features.command("lint")(lint_command)
features.command("plan")(plan_command)
features.command("check")(check_command)
features.command("apply")(apply_command)
features.command("materialize")(materialize_command)
features.command("status")(status_command)
features.command("list")(list_command)
features.command("show")(show_command)
features.command("skew")(skew_command)
features.command("lineage")(lineage_command)
