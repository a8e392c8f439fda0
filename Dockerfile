# One executable in an image without shell or package manager.
#
#   docker build -t meshcapture .
#   docker run -v meshcapture-data:/app/data -v ./config.yaml:/app/config.yaml:ro -p 2112:2112 meshcapture
#
# The configuration is /app/config.yaml, if there is one, and the environment.

FROM denoland/deno:2.9.6 AS build
WORKDIR /src
COPY deno.json deno.lock main.ts ./
COPY scripts ./scripts
COPY migrations ./migrations
COPY proto ./proto
COPY src ./src
RUN deno task compile
RUN mkdir /data

# glibc and libgcc are all that the executable needs of a system.
FROM gcr.io/distroless/cc-debian12
WORKDIR /app
COPY --from=build /src/dist/meshcapture /app/meshcapture
COPY --from=build --chown=1000:1000 /data /app/data
USER 1000:1000
# Into the volume, whatever the file says: nothing else survives the container.
ENV MESHCAPTURE_MESHTASTIC_DATABASE=/app/data/meshtastic.db
ENV MESHCAPTURE_MESHCORE_DATABASE=/app/data/meshcore.db
VOLUME /app/data
EXPOSE 2112
HEALTHCHECK --interval=30s --timeout=6s --start-period=15s --retries=3 \
  CMD ["/app/meshcapture", "healthcheck"]
# Permissions (net, read, write, env; never run, ffi, sys, import) are part of the executable:
# scripts/compile.sh. The first argument may be another command, such as `check`.
ENTRYPOINT ["/app/meshcapture"]
CMD ["run"]
