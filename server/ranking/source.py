"""What an answer was made from."""

from server.domain.results import Source
from server.ranking.batches import Ranked
from server.ranking.ports import Lease


def source_of(lease: Lease, ranked: Ranked) -> Source:
    """Returns what an answer made with `lease` of `ranked` was made from."""
    return Source(
        model_name=lease.model_name,
        version=lease.manifest.version,
        member_is_known=ranked.member_is_known,
        generation=lease.snapshot.generation,
        arm=lease.arm,
        serving_mode=ranked.serving_mode,
        feature_rows=ranked.feature_rows,
    )
