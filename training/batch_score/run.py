"""The order of things in a batch scoring: what is known, the classes once, the members shard by shard."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from contract.manifest import MANIFEST_NAME, read_manifest, verify_files
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from features.offline_service import OfflineService
from training.batch_score.known import KnownFeatures
from training.batch_score.ranker import Ranker
from training.batch_score.shards import Shards, shard_rows
from training.errors import DataError
from training.exclusive import only_writer
from training.inputs import service_inputs, stored_by_view
from training.progress import Progress
from training.registered import check_registered, require_source

SHARD_SIZE = 10_000
"""The most members of a shard."""
ONLINE_ROWS = 500
"""How many members are written to the online store at once: within the time that a store's socket allows."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be scored, and where it goes.

    Attributes:
        out: The folder of the shards.
        moment: When; None is the moment that the online store shows.
        top: How many classes of each member, at least 1.
        online: Whether the rows are written to the online store too.
        shard_size: The most members of a shard.
    """

    out: Path
    moment: datetime | None = None
    top: int = 100
    online: bool = False
    shard_size: int = SHARD_SIZE


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored; left out is who or what lacks a feature that may not be missing."""

    version: int
    moment: datetime
    member_count: int
    left_out_member_count: int
    class_count: int
    left_out_class_count: int
    shard_count: int
    scored_shard_count: int


def batch_score(repo: Path, profile: str, version_dir: Path, target: Target, progress: Progress) -> Scored:
    """Ranks all live classes for every member, with what was known at a moment.

    Who or what lacks a feature that may not be missing is left out. A shard that is there already, of the same
    version, moment, members, classes and feature files, is kept.

    Args:
        repo: The feature repository.
        profile: Its profile; "" is the default one.
        version_dir: The folder of the version.
        target: What is to be scored, and where it goes.
        progress: Hears of each step.

    Raises:
        ContractError: The version is not what its manifest promises.
        DataError: There is nobody or nothing to rank, or another run writes into the folder.
        FeatureError: The features can't be read or are no longer those of the version, or the online store can't
            be written.
    """
    manifest = read_manifest(version_dir)
    verify_files(version_dir, manifest)
    require_source(version_dir, manifest)
    service = OfflineService(repo, profile, manifest.feature_source.feature_service)
    registered = service_inputs(service.registered(), manifest.feature_source.feature_service, {})
    check_registered(version_dir, manifest, registered)
    scoring = _Scoring(service, version_dir, manifest, target)
    with only_writer(target.out):
        scored = scoring.run(progress)
        if target.online:
            scoring.write_online(progress)
    return scored


class _Scoring:
    """One batch scoring, of a version that fits the registry."""

    def __init__(self, service: OfflineService, version_dir: Path, manifest: pb.Manifest, target: Target) -> None:
        self._service = service
        self._version_dir = version_dir
        self._manifest = manifest
        self._top = target.top
        self._moment = target.moment or service.moment_shown()
        self._members = _some("member", service.members(self._moment), self._moment)
        self._classes = _some("class", service.classes(self._moment), self._moment)
        self._class_features = self._known(pb.SOURCE_CLASS, manifest.feature_source.class_key)
        self._member_features = self._known(pb.SOURCE_MEMBER, manifest.feature_source.member_key)
        self._shards = Shards(target.out, self._members, target.shard_size, self._state())

    def run(self, progress: Progress) -> Scored:
        missing = self._shards.missing()
        progress("ranking", 0, len(missing))
        found, columns = self._class_features.rankable(self._classes)
        self._require("class", len(found), self._class_features)
        if missing:
            ranker = Ranker(self._version_dir, columns, len(found))
        for done, number in enumerate(missing, start=1):
            self._score(number, ranker, found)
            progress("ranking", done, len(missing))
        self._shards.remove_others()
        member_count = self._shards.row_count()
        self._require("member", member_count, self._member_features)
        return Scored(
            version=self._manifest.version,
            moment=self._moment,
            member_count=member_count,
            left_out_member_count=len(self._members) - member_count,
            class_count=len(found),
            left_out_class_count=len(self._classes) - len(found),
            shard_count=self._shards.count,
            scored_shard_count=len(missing),
        )

    def write_online(self, progress: Progress) -> None:
        written, member_count = 0, self._shards.row_count()

        def wrote(rows: int) -> None:
            nonlocal written
            written += rows
            progress("writing online", written, member_count)

        self._service.write_recommendations(self._shards.chunks(ONLINE_ROWS), self._moment, wrote)

    def _require(self, what: str, count: int, known: KnownFeatures) -> None:
        if not count:
            lacked = f"has all of {', '.join(known.required)}, which may not be missing"
            raise DataError(f"no {what} {lacked}, at {self._moment.isoformat()}")

    def _score(self, number: int, ranker: Ranker, classes: Sequence[str]) -> None:
        members, columns = self._member_features.rankable(self._shards.members(number))
        ranked = ranker.rank(columns, self._top)
        rows = shard_rows(
            {self._manifest.feature_source.member_key: members},
            classes,
            ranked,
            version=self._manifest.version,
            moment=self._moment,
            now=datetime.now(UTC),
        )
        self._shards.write(number, rows)

    def _known(self, source: "pb.Source.ValueType", key: str) -> KnownFeatures:
        is_class = source == pb.SOURCE_CLASS
        inputs = [spec for spec in self._manifest.inputs if (spec.source in CLASS_SIDE) is is_class]
        views = [view for view in self._manifest.on_demand_views if view.source == source]
        sources = self._service.sources(stored_by_view(inputs, views, [source]))
        return KnownFeatures(inputs, views, key, sources, self._moment)

    def _state(self) -> str:
        """Returns what the scores depend on, but for the members."""
        manifest = hashlib.sha256((self._version_dir / MANIFEST_NAME).read_bytes()).hexdigest()
        files = (self._class_features.state(), self._member_features.state())
        return repr((manifest, self._moment, self._top, self._classes, files))


def _some(what: str, ids: list[str], moment: datetime) -> list[str]:
    if not ids:
        raise DataError(f"no {what} has a fresh row at {moment.isoformat()}; --day chooses another day")
    return ids
