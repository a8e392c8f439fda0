#!/bin/sh
# Makes dist/bundle: all code in a few JavaScript files, as it goes into the executable. Any Deno runs
# them (`deno task start-bundle`), in a fifth less memory than the sources, and sooner.
#
# The threads' entries are bundles of their own (src/storage/worker_entry.ts finds them).
set -eu
cd "$(dirname "$0")/.."

rm -rf dist/bundle
# In as many files as there are parts that are loaded when they are needed: a file is read and kept in
# memory as a whole.
deno bundle --quiet --platform=deno --minify --code-splitting --outdir dist/bundle/service \
  scripts/bundle_entry.ts
deno bundle --quiet --platform=deno --minify --output dist/bundle/service/node_globals.js \
  scripts/node_globals.ts
# The bundler lifts what files share above what stands first in a file; modules keep their order.
printf 'import "./node_globals.js";\nimport "./bundle_entry.js";\n' > dist/bundle/service/start.js
for entry in src/*/*_worker.ts; do
  bundled=dist/bundle/${entry#src/}
  bundled=${bundled%.ts}.js
  deno bundle --quiet --platform=deno --minify --output "$bundled" "$entry"
done
# With one letter beyond Latin-1 V8 keeps the whole text of a file at two bytes a letter, and is slower to
# read it. The bundler escapes what stands in strings, but not what stands in a regular expression.
if [ "$(cat dist/bundle/service/*.js | LC_ALL=C tr -d '\000-\177' | wc -c)" -ne 0 ]; then
  echo "the bundle is not plain ASCII: in a regular expression, write \\uXXXX" >&2
  exit 1
fi
