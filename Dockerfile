# The workers' image: `python -m streams <app>`. Dependencies are the locked ones, checked by hash.
FROM python:3.11.13-slim-bookworm

RUN useradd --create-home --uid 10001 kontor \
    && install -d -o kontor -g kontor /var/lib/kontor/schemas /var/lib/kontor/compiled
WORKDIR /kontor
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY streams streams
COPY sinks sinks
COPY producers producers
COPY local local
COPY chaos chaos
COPY cli cli
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .
# Compiled for any processor of this kind: the image may run on another than built it.
ENV NUMBA_CACHE_DIR=/var/lib/kontor/compiled NUMBA_CPU_NAME=generic
USER kontor
RUN python -m streams.engine.warm
CMD ["kontor", "--help"]
