FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --system --uid 10001 --create-home changeover
WORKDIR /app

# The dependencies first: they change less often than the code, and stay in the layer cache.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md celeryconfig.py ./
COPY steps steps
COPY checkpoint checkpoint
COPY orchestrator orchestrator
COPY workers workers
RUN pip install --no-deps --no-build-isolation .

USER changeover
WORKDIR /home/changeover
ENTRYPOINT ["changeover"]
CMD ["--help"]
