"""The code blocks of a document."""

import re
import shlex
from collections.abc import Sequence


def blocks(document: str, language: str) -> Sequence[str]:
    """Returns the texts of the blocks of a language; of those that name none if it is empty."""
    return [text for named, text in fenced(document) if named == language]


def fenced(document: str) -> Sequence[tuple[str, str]]:
    """Returns the language and the text of every block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)


def commands(document: str) -> Sequence[Sequence[str]]:
    """Returns the words of every `paceline` command in the shell blocks."""
    lines = [line for block in blocks(document, "sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("paceline ")]
