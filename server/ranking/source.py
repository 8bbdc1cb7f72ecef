"""What an answer was made from."""

from server.domain.results import Source
from server.ranking.ports import Lease, MemberRow


def source_of(lease: Lease, member: MemberRow) -> Source:
    """Returns what an answer made with `lease` for `member` was made from."""
    manifest = lease.manifest
    return Source(manifest.model_name, manifest.version, member.is_known, lease.snapshot.generation)
