"""The function of an on-demand view as a text that needs nothing around it.

A published version computes with the function that it was trained with, in another process and perhaps years
later. So it has the text, and not what that was written among: Feast loses a module's globals as well
(feast-dev/feast#6815).
"""

import ast
import builtins
import sys
import textwrap
from collections.abc import Iterator
from dis import get_instructions
from types import CodeType

from feast import OnDemandFeatureView

_LIBRARIES = sys.stdlib_module_names | {"numpy"}
"""What a function may import: what is the same wherever a server runs."""


def function_text(view: OnDemandFeatureView) -> str:
    """Returns the function without decorators, annotations and all that is for people; "" if it is not known."""
    try:
        module = ast.parse(textwrap.dedent(_text(view)))
    except SyntaxError:
        return ""
    functions = [found for found in module.body if isinstance(found, ast.FunctionDef)]
    return ast.unparse(_Bare().visit(functions[0])) if len(functions) == 1 else ""


def _text(view: OnDemandFeatureView) -> str:
    raw = view._raw_feature_transformation_proto
    if raw is not None:
        return str(raw.user_defined_function.body_text)
    return str(getattr(view.feature_transformation, "udf_string", ""))


def needed_from_outside(text: str) -> list[str]:
    """Returns the names that a function takes from its module, and what it imports but a server may not have."""
    module = ast.parse(text)
    own = {found.name for found in module.body if isinstance(found, ast.FunctionDef)}
    names = set(_globals(compile(text, "<function>", "exec"))) - {*dir(builtins), *own}
    return sorted({*names, *_foreign_imports(module)})


def _globals(code: CodeType) -> Iterator[str]:
    """Yields the names that code, and that within it, looks up in its module."""
    loads = (found for found in get_instructions(code) if found.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    yield from (str(found.argval) for found in loads)
    for inner in (constant for constant in code.co_consts if isinstance(constant, CodeType)):
        yield from _globals(inner)


def _foreign_imports(module: ast.Module) -> Iterator[str]:
    for found in ast.walk(module):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names if alias.name.partition(".")[0] not in _LIBRARIES)
        elif isinstance(found, ast.ImportFrom):
            name = "." * found.level + (found.module or "")
            if name.partition(".")[0] not in _LIBRARIES:
                yield name


class _Bare(ast.NodeTransformer):
    """Takes from functions what names something of their module and is not needed to call them."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list, node.returns = [], None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node
