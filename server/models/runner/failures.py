"""What is told of an error in a runner."""

import re

_LONGEST_MESSAGE = 500
_ABOUT_THE_GRAPH = re.compile(
    r"""
    Graph\ execution\ error:$
    | ^Detected\ at\ node\ .*$
    | ^\s*File\ ".*$              # the line of Python that made the node, which may be one of ours
    | ^<stack\ traces\ unavailable>$
    | ^\s*\[\[.*$                 # the nodes on the way
    | \{\{function_node\ \S+\}\}\s
    | \s\[Op:\w+\].*$
    """,
    re.MULTILINE | re.VERBOSE,
)
"""What surrounds the cause in TensorFlow's messages."""


def describe(error: Exception) -> str:
    """Returns what an error says, on one line. One with a code says it all, others need their type."""
    cause = " ".join(_ABOUT_THE_GRAPH.sub("", str(error)).split())
    return (cause if hasattr(error, "error_code") else f"{type(error).__name__}: {cause}")[:_LONGEST_MESSAGE]
