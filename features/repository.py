"""Opening a feature repository: its definitions, and the feature store that a profile describes."""

import importlib.util
import linecache
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from feast import FeatureService, FeatureStore, FeatureView
from feast.base_feature_view import BaseFeatureView
from feast.errors import FeastError
from feast.feast_object import FeastObject
from feast.feature_view import DUMMY_ENTITY_NAME
from feast.repo_config import MaterializationConfig, RepoConfig

from contract.profile import data_dir, profile_path, read_profile
from features.errors import RepositoryError, StoreError
from features.registry_file import REGISTRY_STORE
from features.store_errors import registry_name, reported

# Of ibis, which Feast's DuckDB store asks for every row; Feast shows such warnings to everybody.
warnings.filterwarnings("ignore", r"fetch_arrow_table\(\) is deprecated", DeprecationWarning)
# Of its historical joins, which are not the ones that trainings make.
warnings.filterwarnings("ignore", "On demand feature view is an experimental feature", RuntimeWarning)

DEFINITIONS = "definitions.py"
_PACKAGE = "_feature_repository"


def load_definitions(repo: Path, profile: str = "") -> list[FeastObject]:
    """Returns ``OBJECTS`` of the repository's ``definitions.py``, loaded afresh.

    The folder is loaded as a package of its own name, whose modules import each other relatively. So every module
    is loaded once, and no object exists twice.

    Args:
        repo: The folder of the feature repository.
        profile: The name of the profile, which definitions see as PACELINE_PROFILE, to choose sources by it.

    Raises:
        RepositoryError: The file does not exist, fails, or does not list Feast objects.
    """
    path = repo.resolve() / DEFINITIONS
    if not path.is_file():
        raise RepositoryError(f"{path} does not exist; it has to list the objects to register as OBJECTS")
    with _environment(PACELINE_PROFILE=profile):
        objects = getattr(_load_package(path), "OBJECTS", None)
    if not isinstance(objects, list) or not objects:
        raise RepositoryError(f"{path}: OBJECTS is {objects!r}, expected a list of Feast objects")
    for listed in objects:
        if not isinstance(listed, get_args(FeastObject)):
            raise RepositoryError(f"{path}: OBJECTS holds {listed!r}, expected Feast objects")
    _check_names(path, objects)
    return objects


def _check_names(path: Path, objects: Sequence[FeastObject]) -> None:
    """Feast takes the last of several views of one name, or says so only when they are applied."""
    views = [listed.name for listed in objects if isinstance(listed, BaseFeatureView)]
    others = [
        (type(listed).__name__, listed.name) for listed in objects if not isinstance(listed, BaseFeatureView)
    ]
    named = Counter([("feature view", name) for name in views] + others)
    for (kind, name), count in named.items():
        if count > 1:
            raise RepositoryError(f"{path}: OBJECTS holds {count} objects {kind} {name!r}, expected one")


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Sets environment variables while the block runs."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _load_package(path: Path) -> ModuleType:
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]
    spec = importlib.util.spec_from_file_location(_PACKAGE, path, submodule_search_locations=[str(path.parent)])
    if spec is None or spec.loader is None:
        raise RepositoryError(f"{path} can't be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = module
    linecache.checkcache()  # from which Feast takes the texts of functions, whether or not the files have changed
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise RepositoryError(f"{path} can't be imported: {type(error).__name__}: {error}") from error
    return module


def open_store(repo: Path, profile: str = "", environment: Mapping[str, str] = os.environ) -> FeatureStore:
    """Returns the feature store that a profile describes.

    Args:
        repo: The folder of the feature repository.
        profile: The name of the profile.
        environment: The environment variables.

    Raises:
        ProfileError: The profile can't be read.
        RepositoryError: It has an unknown key or a value out of range.
        StoreError: The registry can't be opened.
    """
    path = profile_path(repo, profile)
    raw = read_profile(repo, profile, environment)
    data_dir(repo, environment).mkdir(parents=True, exist_ok=True)
    try:
        config = RepoConfig(**raw)
        config.batch_engine  # noqa: B018 - Feast reads it on first use
        _check_keys(path, "registry", raw.get("registry"), type(config.registry).model_fields)
    except (FeastError, TypeError, ValueError) as error:
        raise RepositoryError(f"profile {path}: {error}") from None
    _check_keys(path, "materialization", raw.get("materialization"), MaterializationConfig.model_fields)
    _check_keys(path, "", raw, _top_level_keys())
    if config.registry.registry_type == "file" and "://" not in config.registry.path:
        config.registry.registry_store_type = REGISTRY_STORE
    config.repo_path = repo.resolve()
    # Feast's Spark store, once it is imported, shows them to everybody.
    warnings.filterwarnings("ignore", "The spark .* is an experimental feature", RuntimeWarning)
    store = FeatureStore(repo_path=str(repo.resolve()), config=config)
    with reported(f"the registry {registry_name(store)} can't be opened"):
        store.registry  # noqa: B018 - Feast opens it on first use
    return store


def feature_service(store: FeatureStore, name: str) -> FeatureService:
    """Returns a registered feature service.

    Raises:
        StoreError: It is not registered, or the registry can't be read.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        services = {service.name: service for service in store.list_feature_services()}
    if name not in services:
        known = ", ".join(sorted(services)) or "none; run `paceline features apply`"
        raise StoreError(f"feature service {name!r} is not registered, registered: {known}")
    return services[name]


def views_of(store: FeatureStore, entity: str) -> list[FeatureView]:
    """Returns the registered views of one entity that are in the online store, by name.

    Raises:
        StoreError: There is no such entity, or the registry can't be read.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        names = sorted(found.name for found in store.list_entities() if found.name != DUMMY_ENTITY_NAME)
        views = [view for view in store.list_batch_feature_views() if view.online and view.entities == [entity]]
    if entity not in names:
        raise StoreError(f"entity {entity!r} is not registered, registered: {', '.join(names) or 'none'}")
    return sorted(views, key=lambda view: view.name)


def _top_level_keys() -> set[str]:
    fields = RepoConfig.model_fields
    return set(fields) | {field.alias for field in fields.values() if field.alias}


def _check_keys(path: Path, section: str, found: Any, known: Mapping[str, Any] | set[str]) -> None:
    """Feast ignores keys that it does not know, such as misspelt ones."""
    if not isinstance(found, Mapping):
        return
    prefix = f"{section}." if section else ""
    for key in found:
        if key not in known:
            raise RepositoryError(
                f"profile {path}: unknown key {prefix}{key}, expected one of {', '.join(sorted(known))}"
            )
