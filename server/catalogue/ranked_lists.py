"""What was ranked beforehand by `paceline batch-score`."""

import asyncio
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from server.ranking.ports import RankedList

if TYPE_CHECKING:
    from server.catalogue.list_files import ListFiles


class ParquetLists:
    """Implements `server.ranking.ports.RankedLists`.

    Args:
        folder: Of the files; need not be there.
        executor: Where it blocks, so that the event loop does not. It has one thread.
    """

    def __init__(self, folder: Path, executor: Executor) -> None:
        self._folder = folder
        self._executor = executor
        self._files: ListFiles | None = None

    async def find(self, member_key: str, member_id: str) -> RankedList | None:
        """Returns the list of a member; see the port."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._find, member_key, member_id)

    def _find(self, member_key: str, member_id: str) -> RankedList | None:
        if self._files is None:
            if not self._folder.exists():
                return None
            from server.catalogue.list_files import ListFiles  # noqa: PLC0415 (PyArrow, which takes 40 MiB)

            self._files = ListFiles(self._folder)
        return self._files.find(member_key, member_id)
