"""One option for each key of the `[model]` table of a training spec."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any

import typer

from training.model.spec import ModelSpec

_PANEL = "Model and training, in place of the spec's"
_SIZES = tuple[int, ...]
_NAMES = tuple[str, ...]


def with_model_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Adds an option for each key of `ModelSpec` but the crosses to a command.

    Those that are given reach the command as its argument `model_flags`, by key.
    """
    options = {f.name: _option(f.name, f.type, f.default) for f in fields(ModelSpec) if _has_flag(f.type)}

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:
        given = {name: arguments.pop(name) for name in options}
        command(**arguments, model_flags={name: value for name, value in given.items() if value is not None})

    signature = inspect.signature(command)
    own = [parameter for name, parameter in signature.parameters.items() if name != "model_flags"]
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in options.items()
    ]
    wrapped.__annotations__ = {p.name: p.annotation for p in (*own, *parameters)}
    vars(wrapped)["__signature__"] = signature.replace(parameters=[*own, *parameters])
    return wrapped


def _has_flag(kind: Any) -> bool:
    return kind in (bool, int, float, str, _SIZES, _NAMES)


def _option(name: str, kind: Any, default: Any) -> Any:
    shown: dict[str, Any] = {
        "help": f"In place of model.{name}.",
        "show_default": _show(default),
        "rich_help_panel": _PANEL,
    }
    if kind == _SIZES:
        return Annotated[Any, typer.Option(parser=_sizes, metavar="N,N,...", **shown)]
    if kind == _NAMES:
        return Annotated[Any, typer.Option(parser=_names, metavar="A,B,...", **shown)]
    return Annotated[kind | None, typer.Option(**shown)]


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


def _show(default: Any) -> str:
    return (",".join(map(str, default)) or "none") if isinstance(default, tuple) else str(default).lower()
