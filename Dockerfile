# The serving image: the server, its contract and the stubs; no training or feature tooling.
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements/bootstrap.lock requirements/serving.lock requirements/
COPY scripts/setup.sh scripts/
RUN scripts/setup.sh serving

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home paceline && install --directory --owner paceline /data
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY contract contract
COPY event_log event_log
COPY server server
COPY client/src client/src
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app:/app/client/src PYTHONUNBUFFERED=1
RUN python -m compileall -q contract event_log server client/src
USER paceline
# Mounted are /models; /feature_repo, of which the server reads the profile only; and /data, where the profile has the
# registry, and where events, served features, ranked lists and the last catalogue are.
EXPOSE 8500 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "server", "--host", "0.0.0.0", "--models", "/models", "--repo", "/feature_repo"]
