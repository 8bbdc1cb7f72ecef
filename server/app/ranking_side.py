"""Everything that ranks classes for members, put together."""

from collections.abc import Callable, Mapping

from server.app.metrics import Metrics
from server.app.shadow_metrics import ShadowMetrics
from server.domain.requests import RecommendRequest
from server.domain.results import Ranking
from server.models.arms import ArmModels, LabelModels
from server.models.served import ServedModels
from server.ranking.batches import Batches
from server.ranking.bulk import BulkRecommender
from server.ranking.fallbacks import Fallbacks
from server.ranking.inputs import InputReader
from server.ranking.on_demand import FirstFailures
from server.ranking.ports import MemberFeatures, RankedLists, Serve
from server.ranking.recommend import Recommender
from server.ranking.score import Scorer
from server.ranking.shadow import ShadowingRecommender, Shadows
from server.rpc.services import recommendation_service


class RankingSide:
    """RecommendationService, and the shadows of what it answers.

    Args:
        served: The models of the server.
        model_name: The one that ranks.
        features: Reads the members' features.
        lists: What was ranked beforehand.
        metrics: What the server measures.
        now: The time in seconds since the epoch.
        serve: Is told of every answer but those of shadows; None for nobody.
    """

    def __init__(
        self,
        served: ServedModels,
        model_name: str,
        features: MemberFeatures,
        lists: RankedLists,
        *,
        metrics: Metrics,
        now: Callable[[], float],
        serve: Serve | None = None,
    ) -> None:
        self._served = served
        self._model_name = model_name
        failed = FirstFailures(metrics.observe_on_demand)
        self._batches = Batches(InputReader(metrics.timed_features(features), now, failed))
        models = ArmModels(served, model_name)
        self._shadows = Shadows(self._rank_with, self._shares, ShadowMetrics(metrics.registry), now=now)
        fallbacks = Fallbacks(lists, metrics.observe_fallback)
        recommender = Recommender(models, self._batches, serve, fallbacks)
        recommend = ShadowingRecommender(recommender.recommend, self._shadows).recommend
        recommend_all, score = BulkRecommender(recommend).recommend, Scorer(models, self._batches).score
        self.service = recommendation_service(recommend, recommend_all, score)

    async def close(self) -> None:
        """Gives up what shadows have under way."""
        await self._shadows.close()

    async def _rank_with(self, label: str, request: RecommendRequest) -> Ranking:
        models = LabelModels(self._served, self._model_name, label)
        return await Recommender(models, self._batches).recommend(request)

    def _shares(self) -> Mapping[str, float]:
        manager = self._served.find(self._model_name)
        return manager.label_book.labels.shadows if manager else {}
