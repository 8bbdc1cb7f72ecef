"""Options that several commands share, as dataclasses."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command an option for each field of those of its parameters that are dataclasses.

    What is not given on the command line is as in the parameter's default or, without one, in the fields'.
    """
    signature = inspect.signature(command)
    groups = {p.name: _default(p) for p in signature.parameters.values() if is_dataclass(p.annotation)}

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:
        for name, default in groups.items():
            given = {field.name: arguments.pop(field.name) for field in fields(default)}
            arguments[name] = replace(default, **given)
        command(**arguments)

    parameters = [
        option
        for p in signature.parameters.values()
        for option in (_options(groups[p.name]) if p.name in groups else [p])
    ]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    vars(wrapped)["__signature__"] = signature.replace(parameters=parameters)
    return wrapped


def _default(parameter: inspect.Parameter) -> Any:
    return parameter.annotation() if parameter.default is parameter.empty else parameter.default


def _options(group: Any) -> Iterator[inspect.Parameter]:
    for field in fields(group):
        default = getattr(group, field.name)
        yield inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=field.type)
