"""The model that ranks, by its labels. Both implement `server.ranking.ports.Models`."""

from server.domain.errors import NoModel
from server.models.leases import VersionLease
from server.models.manager import ModelManager
from server.models.served import ServedModels
from server.ranking.arms import pick_arm


class ArmModels:
    """Gives each member the version of the label that the traffic split gives them.

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
        manager = _manager(self._models, self._model_name)
        return manager.lease(pick_arm(member_id, manager.label_book.labels.weights), or_default=True)


class LabelModels:
    """Gives every member the version of one label.

    Args:
        models: The models of the server.
        model_name: The one that ranks.
        label: The label.
    """

    def __init__(self, models: ServedModels, model_name: str, label: str) -> None:
        self._models = models
        self._model_name = model_name
        self._label = label

    def lease(self, member_id: str) -> VersionLease:  # noqa: ARG002 - of the port
        """Returns a lease on the version that answers for the label.

        Raises:
            NoModel: None does.
        """
        return _manager(self._models, self._model_name).lease(self._label)


def _manager(models: ServedModels, model_name: str) -> ModelManager:
    manager = models.find(model_name)
    if manager is None:
        raise NoModel(f"the server has no model {model_name!r}")
    return manager
