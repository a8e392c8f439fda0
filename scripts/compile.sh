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
# In as many files as there are parts that are loaded when they are needed: a file is read and kept in
# memory as a whole.
deno bundle --quiet --platform=deno --minify --code-splitting --outdir dist/bundle/service \
  scripts/bundle_entry.ts
deno bundle --quiet --platform=deno --minify --output dist/bundle/service/node_globals.js \
  scripts/node_globals.ts
# The bundler lifts what files share above what stands first in a file; modules keep their order.
printf 'import "./node_globals.js";\nimport "./bundle_entry.js";\n' > dist/bundle/service/start.js
set --
for entry in src/*/*_worker.ts; do
  bundled=dist/bundle/${entry#src/}
  bundled=${bundled%.ts}.js
  deno bundle --quiet --platform=deno --minify --output "$bundled" "$entry"
  set -- "$@" --include "$bundled"
done
# With one letter beyond Latin-1 V8 keeps the whole text of a file at two bytes a letter, and is slower to
# read it. The bundler escapes what stands in strings, but not what stands in a regular expression.
if [ "$(cat dist/bundle/service/*.js | LC_ALL=C tr -d '\000-\177' | wc -c)" -ne 0 ]; then
  echo "the bundle is not plain ASCII: in a regular expression, write \\uXXXX" >&2
  exit 1
fi
[ -z "${TARGET:-}" ] || set -- "$@" --target "$TARGET"

# The executable keeps these permissions: no programs, no native libraries, no code from elsewhere, and
# of the system only how much room a disk has. Threads are narrowed further, to their database's
# directory. V8's flags are those of `deno task start`, docs/performance.md says what they do, and two for
# the start: every function is compiled when its file is loaded, which V8 keeps for the next start while
# what it compiles later it does not; and what did not run between two looks for garbage is given up.
"$compiler" compile --quiet --no-config --no-lock --no-prompt --unstable-worker-options \
  --allow-net --allow-read --allow-write --allow-env --allow-sys=statfs \
  --deny-run --deny-ffi --deny-import \
  --v8-flags=--max-semi-space-size=2,--heap-growing-percent=40,--no-lazy,--bytecode-old-age=1 \
  "$@" --output dist/meshcapture dist/bundle/service/start.js
ls -lh dist/meshcapture
