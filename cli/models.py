"""`paceline models`: published versions, the labels on them, and which models are served."""

import typer

from cli.models_config import config_command, reload_command
from cli.models_history import history_command
from cli.models_list import list_command
from cli.models_moves import pin_command, promote_command, rollback_command, unpin_command
from cli.models_traffic import shadow_command, split_command

models = typer.Typer(no_args_is_help=True)

models.command("list")(list_command)
models.command("promote")(promote_command)
models.command("rollback")(rollback_command)
models.command("pin")(pin_command)
models.command("unpin")(unpin_command)
models.command("split")(split_command)
models.command("shadow")(shadow_command)
models.command("history")(history_command)
models.command("config")(config_command)
models.command("reload")(reload_command)


@models.callback()
def _models() -> None:
    """See which versions are published, and say which of them answer.

    A label is a movable name for a version. What asks for no label is answered by
    stable, which follows the newest version until it is pinned to one.

    A version is tried out, comes to answer, and is taken back:

    paceline models pin                       # stable stays where it is
    paceline train                            # publishes version 5
    paceline models list                      # is 5 available, or why not?
    paceline models promote 5 --label canary  # a label of its own
    paceline models split stable=90 canary=10
    paceline models promote 5 -m "better"     # stable is on 5
    paceline models split                     # every member gets stable
    paceline models rollback -m "worse"       # stable is on 4 again
    paceline models unpin                     # stable follows the newest

    All but list is asked at the server's admin address.
    """
