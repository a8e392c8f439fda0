# One executable in an image without shell or package manager, for amd64 and arm64.
#
#   docker build -t meshcapture .
#   docker run --read-only --cap-drop ALL -v meshcapture-data:/app/data \
#     -v ./config.yaml:/app/config.yaml:ro -p 2112:2112 meshcapture
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/meshcapture --push .
#
# The configuration is /app/config.yaml, if there is one, and the environment. All that is written goes
# to /app/data: the root file system may be read-only.

# Deno compiles for another platform than its own, so no emulator is needed.
FROM --platform=$BUILDPLATFORM denoland/deno:2.9.6 AS build
ARG TARGETARCH
WORKDIR /src
COPY deno.json deno.lock main.ts ./
COPY scripts ./scripts
COPY migrations ./migrations
COPY proto ./proto
COPY src ./src
RUN case "$TARGETARCH" in \
      arm64) TARGET=aarch64-unknown-linux-gnu ;; \
      *) TARGET=x86_64-unknown-linux-gnu ;; \
    esac; \
    export TARGET; \
    deno task compile && mkdir -p /app/data && cp dist/meshcapture /app/meshcapture

# glibc and libgcc are all that the executable needs of a system, and certificates for brokers.
FROM gcr.io/distroless/cc-debian12:nonroot
# The user of Malla's containers, so that both may write to one volume.
COPY --from=build --chown=1000:1000 /app /app
WORKDIR /app
USER 1000:1000
# Into the volume, whatever the file says: nothing else survives the container.
ENV MESHCAPTURE_MESHTASTIC_DATABASE=/app/data/meshtastic.db
ENV MESHCAPTURE_MESHCORE_DATABASE=/app/data/meshcore.db
# Answers from health and metrics do not wait behind a burst: docs/performance.md.
ENV DENO_TOKIO_EVENT_INTERVAL=1
# Two arenas for glibc's memory, not eight a core.
ENV MALLOC_ARENA_MAX=2
# What is compiled at the first start and what SQLite sorts: /tmp is memory where the root is read-only.
ENV TMPDIR=/app/data
VOLUME /app/data
EXPOSE 2112
# The last integrity check is a day old at most, and asking for it costs nothing.
HEALTHCHECK --interval=60s --timeout=6s --start-period=15s --retries=3 \
  CMD ["/app/meshcapture", "healthcheck", "--integrity"]
# Permissions (net, read, write, env, the room on a disk; never run, ffi, import) are part of the
# executable: scripts/compile.sh. The first argument may be another command, such as `check`.
ENTRYPOINT ["/app/meshcapture"]
CMD ["run"]
