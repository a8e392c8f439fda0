#!/bin/sh
# Makes dist/meshcapture: one executable that needs neither Deno nor the sources.
#
# It is bundled first, because `deno compile` embeds every npm package of deno.lock otherwise: the
# executable is smaller, starts faster and uses less memory.
#
#   DENO_COMPILE   the Deno that compiles (default: deno); the executable gets that Deno's runtime.
#   TARGET         another platform, such as aarch64-unknown-linux-gnu for a Raspberry Pi.
set -eu
cd "$(dirname "$0")/.."
compiler=${DENO_COMPILE:-deno}

sh scripts/bundle.sh
set --
for entry in src/*/*_worker.ts; do
  bundled=dist/bundle/${entry#src/}
  set -- "$@" --include "${bundled%.ts}.js"
done
[ -z "${TARGET:-}" ] || set -- "$@" --target "$TARGET"

# The executable keeps these permissions: no programs, no native libraries, no code from elsewhere, and
# of the system only how much room a disk has. Threads are narrowed further, to their database's
# directory. V8's flags are those of `deno task start`, docs/performance.md says what they do, and two for
# the start: every function is compiled when its file is loaded, which V8 keeps for the next start while
# what it compiles later it does not; and what did not run between two looks for garbage is given up.
"$compiler" compile --quiet --no-config --no-lock --no-prompt --unstable-worker-options \
  --allow-net --allow-read --allow-write --allow-env --allow-sys=statfs \
  --deny-run --deny-ffi --deny-import \
  --v8-flags=--max-semi-space-size=2,--heap-growing-percent=70,--no-lazy,--bytecode-old-age=1 \
  "$@" --output dist/meshcapture dist/bundle/service/start.js
ls -lh dist/meshcapture
