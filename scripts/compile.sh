#!/bin/sh
# Makes dist/meshcapture: one executable that needs neither Deno nor the sources.
#
# It is bundled first, because `deno compile` embeds every npm package of deno.lock otherwise: the
# executable is smaller, starts faster and uses less memory. The threads' entries are bundles
# of their own (src/storage/worker_entry.ts finds them).
#
#   DENO_COMPILE   the Deno that compiles (default: deno); the executable gets that Deno's runtime.
#   TARGET         another platform, such as aarch64-unknown-linux-gnu for a Raspberry Pi.
set -eu
cd "$(dirname "$0")/.."
compiler=${DENO_COMPILE:-deno}

rm -rf dist/bundle
deno bundle --quiet --platform=deno --minify --output dist/bundle/service/main.js \
  scripts/bundle_entry.ts
set --
for entry in src/*/*_worker.ts; do
  bundled=dist/bundle/${entry#src/}
  bundled=${bundled%.ts}.js
  deno bundle --quiet --platform=deno --minify --output "$bundled" "$entry"
  set -- "$@" --include "$bundled"
done
# With one letter beyond Latin-1 V8 keeps the whole text at two bytes a letter: 3 MB, and 60 ms at the
# start. The bundler escapes what stands in strings, but not what stands in a regular expression.
if [ "$(LC_ALL=C tr -d '\000-\177' < dist/bundle/service/main.js | wc -c)" -ne 0 ]; then
  echo "the bundle is not plain ASCII: in a regular expression, write \\uXXXX" >&2
  exit 1
fi
[ -z "${TARGET:-}" ] || set -- "$@" --target "$TARGET"

# The executable keeps these permissions: no programs, no native libraries, no code from elsewhere, and
# of the system only how much room a disk has. Threads are narrowed further, to their database's
# directory. V8's flags are those of `deno task start`: docs/performance.md says what they do.
"$compiler" compile --quiet --no-config --no-lock --no-prompt --unstable-worker-options \
  --allow-net --allow-read --allow-write --allow-env --allow-sys=statfs \
  --deny-run --deny-ffi --deny-import --v8-flags=--max-semi-space-size=2,--heap-growing-percent=40 \
  "$@" --output dist/meshcapture dist/bundle/service/main.js
ls -lh dist/meshcapture
