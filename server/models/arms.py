"""The versions of the ranking model, given to members by the traffic split."""

from server.domain.errors import NoModel
from server.models.leases import VersionLease
from server.models.served import ServedModels
from server.ranking.arms import pick_arm


class ArmModels:
    """Implements `server.ranking.ports.Models` with the labels of one model.

    Args:
        models: The models of the server.
        model_name: The one that ranks.
    """

    def __init__(self, models: ServedModels, model_name: str) -> None:
        self._models = models
        self._model_name = model_name

    def lease(self, member_id: str) -> VersionLease:
        """Returns a lease on the version that serves a member; on the default label's while the arm has none.

        Raises:
            NoModel: None is serving.
        """
        manager = self._models.find(self._model_name)
        if manager is None:
            raise NoModel(f"the server has no model {self._model_name!r}")
        return manager.lease(pick_arm(member_id, manager.label_book.labels.weights), or_default=True)
