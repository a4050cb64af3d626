# The image of one replica, from a Rust image to one that holds a static binary and nothing else.
# Works with the classic builder too: no BuildKit feature is used.
ARG RUST_IMAGE=rust:1.95-bookworm
FROM ${RUST_IMAGE} AS build
WORKDIR /project

# Manifests with placeholder sources: these layers last until a dependency or a tool changes.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY core/Cargo.toml core/
COPY kv/Cargo.toml kv/
COPY sim/Cargo.toml sim/
COPY replica/Cargo.toml replica/
COPY web/Cargo.toml web/
COPY e2e/Cargo.toml e2e/
COPY xtask xtask
RUN for crate in core kv sim replica web e2e; do \
      mkdir "$crate/src" && touch "$crate/src/lib.rs" && echo 'fn main() {}' > "$crate/src/main.rs"; \
    done
RUN cargo xtask setup --only wasm-target --only tools
RUN cargo xtask build --static --dependencies \
    && rm -r core/src kv/src sim/src replica/src web/src

COPY core core
COPY kv kv
COPY sim sim
COPY replica replica
COPY web web
# Cargo compares times, and ours may be older than the placeholders' objects.
RUN find core kv sim replica web -type f -exec touch {} + \
    && mkdir -p /image/data \
    && cp "$(cargo xtask build --static)" /image/hotstuff

# Keys of others are refused, and git keeps no such modes.
COPY configs/compose /image/etc/hotstuff
RUN find /image/etc/hotstuff -type d -exec chmod 0755 {} + \
    && find /image/etc/hotstuff -type f -exec chmod 0644 {} + \
    && find /image/etc/hotstuff -name '*.key' -exec chmod 0600 {} +

FROM scratch
COPY --from=build /image/hotstuff /hotstuff
COPY --from=build --chown=10001:10001 /image/etc /etc
COPY --from=build --chown=10001:10001 /image/data /data
USER 10001:10001
# Page and clients; other replicas.
EXPOSE 8080 7000
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 \
    CMD ["/hotstuff", "health", "--url", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/hotstuff"]
CMD ["--help"]
