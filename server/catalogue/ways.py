"""What a version reads of the catalogue."""

import hashlib

from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb


def way_of(manifest: pb.Manifest) -> bytes:
    """Returns a digest that is the same for versions that read the same of the catalogue, in every process."""
    specs = (*(spec for spec in manifest.inputs if spec.source in CLASS_SIDE), *manifest.display_features)
    views = (_meaning(view) for view in manifest.on_demand_views if view.source in CLASS_SIDE)
    parts = [spec.SerializeToString(deterministic=True) for spec in (*specs, *views)]
    return hashlib.blake2b(repr((manifest.feature_source.catalogue_view, parts)).encode(), digest_size=32).digest()


def _meaning(view: pb.OnDemandView) -> pb.OnDemandView:
    """Returns a view without its golden rows, which each training samples anew."""
    meaning = pb.OnDemandView()
    meaning.CopyFrom(view)
    for rows in ("golden_inputs", "golden_outputs"):
        meaning.ClearField(rows)
    return meaning
