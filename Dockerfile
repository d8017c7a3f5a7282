# syntax=docker/dockerfile:1
# Another base with Python 3.11 or 3.12 at /usr/local: --build-arg BASE=...
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python3 -m venv /opt/changeover
# The dependencies first: they change less often than the code, and stay in the layer cache.
COPY deploy/image/requirements.lock ./
RUN /opt/changeover/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE celeryconfig.py ./
COPY steps steps
COPY checkpoint checkpoint
COPY orchestrator orchestrator
COPY workers workers
# What only builds is not taken along.
RUN /opt/changeover/bin/pip install --no-deps --no-build-isolation . \
 && /opt/changeover/bin/pip uninstall --yes setuptools pip \
 && find /opt/changeover -name tests -type d -path '*/site-packages/*' -prune -exec rm -rf {} +

FROM ${BASE}
ENV PATH=/opt/changeover/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CHANGEOVER_LOG_FORMAT=json
RUN useradd --system --uid 10001 --create-home changeover
COPY --from=build /opt/changeover /opt/changeover
# By number, so that a cluster can see that it is not root.
USER 10001
WORKDIR /home/changeover
# Of a coordinator or a worker, whichever runs here; docker-compose.yml names the role, and another one for Flower.
HEALTHCHECK --interval=10s --timeout=8s --retries=3 --start-period=30s \
  CMD ["python", "-P", "-m", "orchestrator.embedded.readiness", "any"]
ENTRYPOINT ["changeover"]
CMD ["--help"]
