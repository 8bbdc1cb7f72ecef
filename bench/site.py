"""A small simulated site with a trained model, served by the benchmarks."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from bench.processes import paceline
from paceline.v1.recommendation_service_pb2 import RecommendClassesRequest

LAYERS = "256,128,64"
"""Of the model."""
MEMBER = "m000001"
PAGE_SIZE = 20
REQUEST = RecommendClassesRequest(member_id=MEMBER, page_size=PAGE_SIZE).SerializeToString()
"""What servers of a site are asked."""


@dataclass(frozen=True, slots=True)
class Site:
    """The folders of one site and the environment that selects them."""

    root: Path
    env: dict[str, str]

    @property
    def models(self) -> Path:
        """The folder of its models."""
        return self.root / "models"

    def class_ids(self) -> list[str]:
        """Returns the classes of its catalogue."""
        table = pq.read_table(self.root / "data" / "world" / "classes", columns=["class_id"])
        return sorted(set(table["class_id"].to_pylist()))


def build_site(root: Path, *, classes: int) -> Site:
    """Simulates a site, materialises it to SQLite, and trains a model for it."""
    site = Site(root, {"PACELINE_DATA": str(root / "data")})
    world = root / "data" / "world"
    sizes = ["--members", 1000, "--classes", classes, "--days", 12, "--events-per-day", 5000, "--seed", 1]
    paceline("simulate", "--out", world, *sizes, env=site.env)
    materialise(site)
    flags = ("--layer-sizes", LAYERS, "--epochs", 1, "--force", "--reason", "a benchmark of speed")
    paceline("train", "--out", site.models, *flags, env=site.env)
    return site


def redis_site(site: Site, port: int) -> Site:
    """Returns the same site with its own registry and Redis as its online store."""
    root = site.root / "redis"
    for folder in ("world", "features"):
        shutil.copytree(site.root / "data" / folder, root / "data" / folder)
    shutil.copytree(site.models, root / "models")
    env = {
        "PACELINE_DATA": str(root / "data"),
        "PACELINE_PROFILE": "redis",
        "PACELINE_REDIS": f"127.0.0.1:{port}",
    }
    copy = Site(root, env)
    materialise(copy)
    return copy


def materialise(site: Site) -> None:
    """Registers the features and writes them to the site's online store."""
    paceline("features", "apply", env=site.env)
    paceline("features", "materialize", env=site.env)
