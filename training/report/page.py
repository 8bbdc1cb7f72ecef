"""What sections are made of, and the page that they become."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

Cell = str | int | float | Markup


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, and a sentence on how to read it."""

    svg: Markup
    reading: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A table, and a sentence on how to read it.

    A row that begins with one of `marked` stands out. What is `folded` shows this text alone until it is opened.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    reading: str = ""
    marked: Sequence[str] = ()
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a title of its own."""

    title: str
    blocks: Sequence[Plot | Rows | Text]

    @property
    def anchor(self) -> str:
        """The name that links within the page lead to."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split())


@dataclass(frozen=True, slots=True)
class Card:
    """A figure at the head of the page."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    """"good", "bad" or neither."""


def render(title: str, subtitle: str, cards: Sequence[Card], sections: Sequence[Section]) -> str:
    """Returns the page. Texts are escaped; drawings are taken as they are."""
    environment = Environment(
        loader=PackageLoader("training.report", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cell"] = _cell
    environment.tests["number"] = lambda value: isinstance(value, int | float)
    kinds = [[(type(block).__name__, block) for block in section.blocks] for section in sections]
    template = environment.get_template("page.html.j2")
    return template.render(
        title=title, subtitle=subtitle, cards=cards, sections=list(zip(sections, kinds, strict=True))
    )


def _cell(value: Cell) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}"
    return value
