# The image of one replica, from a Rust image to one that holds a static binary and nothing else.
# Works with the classic builder too: no BuildKit feature is used.
ARG RUST_IMAGE=rust:1.95-bookworm

# The workspace with placeholders for sources: all that the long steps of the next stage depend on,
# so that their layers last until a dependency or a tool changes.
FROM ${RUST_IMAGE} AS skeleton
WORKDIR /project
COPY . .
RUN rm -r configs && for crate in core kv sim replica web e2e; do \
      roots="$(cd "$crate" && ls build.rs src/lib.rs src/main.rs src/bin/*.rs 2> /dev/null; \
        sed -n '/^\[\[test\]\]/,/^$/ s/^name = "\(.*\)"$/tests\/\1.rs/p' Cargo.toml; \
        sed -n '/^\[\[bench\]\]/,/^$/ s/^name = "\(.*\)"$/benches\/\1.rs/p' Cargo.toml)"; \
      find "$crate" -mindepth 1 ! -name Cargo.toml -delete; \
      for root in $roots; do \
        mkdir -p "$(dirname "$crate/$root")" && echo 'fn main() {}' > "$crate/$root"; \
      done; \
    done

FROM ${RUST_IMAGE} AS build
WORKDIR /project
COPY --from=skeleton /project .
RUN cargo xtask setup --only wasm-target --only tools
RUN cargo xtask build --static --dependencies

COPY core core
COPY kv kv
COPY sim sim
COPY replica replica
COPY web web
# Cargo compares times, and the sources may be older than what was made from the placeholders.
RUN find core kv sim replica web -type f -exec touch {} + \
    && mkdir -p /image/data \
    && cp "$(cargo xtask build --static)" /image/hotstuff

# Replicas refuse keys that others can read, and git does not keep such modes.
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
HEALTHCHECK --interval=5s --timeout=5s --start-period=15s --retries=3 \
    CMD ["/hotstuff", "health", "--url", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/hotstuff"]
CMD ["--help"]
