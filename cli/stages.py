"""The progress of a training, a bar for each stage."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import TaskID

from cli.output import progress
from training.progress import Progress


@contextmanager
def shown_stages() -> Iterator[Progress]:
    """Yields what shows a bar on standard error for each stage that it hears of."""
    with progress() as display:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = display.add_task(stage.capitalize(), total=total)
            display.update(tasks[stage], completed=done, total=total)

        yield show
