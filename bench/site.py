"""A small simulated site with a trained model, served by the benchmarks."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.processes import paceline


@dataclass(frozen=True, slots=True)
class Site:
    """The folders of one site and the environment that selects them."""

    root: Path
    env: dict[str, str]

    @property
    def models(self) -> Path:
        """The folder of its models."""
        return self.root / "models"


def build_site(root: Path, *, classes: int, layers: str) -> Site:
    """Simulates a site, materialises it to SQLite, and trains a model for it."""
    site = Site(root, {"PACELINE_DATA": str(root / "data")})
    world = root / "data" / "world"
    sizes = ["--members", 1000, "--classes", classes, "--days", 12, "--events-per-day", 5000, "--seed", 1]
    paceline("simulate", "--out", world, *sizes, env=site.env)
    materialise(site)
    flags = ("--layer-sizes", layers, "--epochs", 1, "--force", "--reason", "a benchmark of speed")
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
