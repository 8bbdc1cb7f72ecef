"""What an answer was made from."""

from server.domain.results import Source
from server.ranking.ports import Lease, MemberRow


def source_of(lease: Lease, member: MemberRow) -> Source:
    """Returns what an answer made with `lease` for `member` was made from."""
    version, generation = lease.manifest.version, lease.snapshot.generation
    return Source(lease.model_name, version, member.is_known, generation, lease.arm)
