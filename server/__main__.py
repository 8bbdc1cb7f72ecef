"""`python -m server`, which is `paceline serve` without the rest of the command line.

Feast and gRPC are imported when the server starts, not when the command line is read.
"""

import asyncio
import sys
from functools import partial
from pathlib import Path

import typer

from contract.errors import ContractError
from server.app import flags
from server.app.flags import LogLevel
from server.app.process import prepare, until_signal
from server.app.settings import CACHE_DIR, Runtime, Settings
from server.domain.errors import StartError
from server.models.policy import Transition
from server.ranking.probation import ProbationLimits


def serve(
    *,
    models: flags.Models = "models",
    model: flags.Model = "ranking",
    model_config_file: flags.ModelConfigFile = None,
    require_manifest: flags.RequireManifest = False,
    runtime: flags.RuntimeFlag = Runtime.TENSORFLOW,
    repo: flags.Repo = Path("feature_repo"),
    profile: flags.Profile = "",
    feature_cache_seconds: flags.FeatureCacheSeconds = 0.0,
    feature_cache_members: flags.FeatureCacheMembers = 10_000,
    log_served: flags.LogServed = 0.0,
    served_log_bytes: flags.ServedLogBytes = 10 * 2**30,
    event_log: flags.EventLog = None,
    fallback_lists: flags.FallbackLists = None,
    host: flags.Host = "127.0.0.1",
    port: flags.Port = 8500,
    http_port: flags.HttpPort = 8501,
    admin_address: flags.AdminAddress = "127.0.0.1:8502",
    workers: flags.Workers = 1,
    tls_cert: flags.TlsCert = None,
    tls_key: flags.TlsKey = None,
    tls_client_ca: flags.TlsClientCa = None,
    poll_seconds: flags.PollSeconds = 1.0,
    transition: flags.TransitionFlag = Transition.AVAILABILITY,
    keep_seconds: flags.KeepSeconds = 600.0,
    compare_speed: flags.CompareSpeed = False,
    max_slowdown: flags.MaxSlowdown = 3.0,
    cache_dir: flags.CacheDir = CACHE_DIR,
    cache_gib: flags.CacheGib = 20.0,
    probation_seconds: flags.ProbationSeconds = 600.0,
    breach_seconds: flags.BreachSeconds = 15.0,
    max_error_rate: flags.MaxErrorRate = 0.05,
    max_p99_factor: flags.MaxP99Factor = 2.0,
    max_score_drift: flags.MaxScoreDrift = 1.0,
    log_level: flags.LogLevelFlag = LogLevel.INFO,
    grace_seconds: flags.GraceSeconds = 10.0,
) -> None:
    """Serve models over gRPC, and swap in each newer version as it is published.

    Without a version it waits for one, NOT_SERVING. A version that is incomplete,
    changed, or does not fit the registry is refused, and the one before serves on.
    Ends with SIGTERM or SIGINT, once the calls under way are answered.

    For example:

    paceline serve
    paceline serve --profile redis --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
    paceline serve --model-config-file models.config
    """
    probation = ProbationLimits(
        seconds=probation_seconds,
        breach_seconds=breach_seconds,
        error_rate=max_error_rate,
        p99_factor=max_p99_factor,
        score_drift=max_score_drift,
    )
    settings = Settings(
        models=models,
        model=model,
        model_config_file=model_config_file,
        require_manifest=require_manifest,
        runtime=runtime,
        repo=repo,
        profile=profile,
        feature_cache_seconds=feature_cache_seconds,
        feature_cache_members=feature_cache_members,
        log_served=log_served,
        served_log_bytes=served_log_bytes,
        event_log=event_log,
        fallback_lists=fallback_lists,
        host=host,
        port=port,
        http_port=http_port,
        admin_address=admin_address,
        workers=workers,
        tls_cert=tls_cert,
        tls_key=tls_key,
        tls_client_ca=tls_client_ca,
        poll_seconds=poll_seconds,
        transition=transition,
        keep_seconds=keep_seconds,
        max_slowdown=max_slowdown if compare_speed else None,
        cache_dir=cache_dir,
        cache_gib=cache_gib,
        probation=probation,
        grace_seconds=grace_seconds,
    )
    run(settings, log_level)


def run(settings: Settings, log_level: LogLevel = LogLevel.INFO) -> None:
    """Serves until a signal ends it.

    Raises:
        StartError: It can't start.
        ContractError: The profile of the feature repository is missing or wrong.
    """
    prepare(settings.runtime, log_level)
    if settings.workers > 1:
        asyncio.run(until_signal(partial(_supervise, settings, log_level)))
    else:
        import uvloop  # noqa: PLC0415 (see above)

        uvloop.run(until_signal(partial(_serve, settings)))


async def _supervise(settings: Settings, log_level: LogLevel, stop: asyncio.Event) -> None:
    from server.workers.supervisor import Supervisor  # noqa: PLC0415 (see above)

    await Supervisor(settings, log_level).run(stop)


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    from server.app.server import Server  # noqa: PLC0415 (see above)

    await Server(settings).run(stop)


def main() -> None:
    """Runs `python -m server`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(serve)
    try:
        app()
    except (ContractError, StartError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
