"""What admins can do with one of several workers."""

from typing import NoReturn

from server.domain.errors import RestartNeeded
from server.models.admin import Admin


class WorkerAdmin(Admin):
    """Moves labels, which all workers follow by the history; serves no other models, as the others would not."""

    async def reload(self, *_request: object, **_named: object) -> NoReturn:
        """Refuses.

        Raises:
            RestartNeeded: Always.
        """
        raise RestartNeeded(
            "which models are served changes in all workers or in none: restart the server with another "
            "--model-config-file, or run it with --workers 1, where a reload changes it"
        )
