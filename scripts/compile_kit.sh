#!/bin/sh
# Provides what `deno compile` needs where Deno's own download host is out of reach, for Linux on
# x86-64, out of npm packages: Deno 2.4.2, and the runtime (denort) of the same version, which is an
# executable that others published, less the program appended to it.
#
#   eval "$(sh scripts/compile_kit.sh)" && deno task compile
#
# prints three variables to export: DENO_COMPILE, DENORT_BIN and DENO_TLS_CA_STORE. Both are kept in
# DIRECTORY (default: compile-kit in the user's cache). Needs npm and node.
set -eu
directory=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/compile-kit}
mkdir -p "$directory"
cd "$directory"

# The runtime as it must be: whoever changes the package cannot change what we ship.
sum=2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82
is_whole() { [ -f "$1" ] && echo "$sum  $1" | sha256sum --check --status; }

if ! is_whole denort; then
  package=$(npm pack --silent @vltpkg/cli-linux-x64@0.0.0-18 | tail -n 1)
  tar -xzf "$package" package/vlt
  # The ELF file ends with its section headers; what follows is the appended program.
  node -e '
    const { readFileSync, writeFileSync } = require("node:fs");
    const file = readFileSync("package/vlt");
    const sections = Number(file.readBigUInt64LE(0x28));
    const end = sections + file.readUInt16LE(0x3a) * file.readUInt16LE(0x3c);
    writeFileSync("denort", file.subarray(0, end), { mode: 0o755 });
  '
  rm -rf package "$package"
  if ! is_whole denort; then
    echo "the runtime is not the one that was expected" >&2
    exit 1
  fi
fi
if [ ! -d deno-2.4.2/node_modules/deno ]; then
  mkdir -p deno-2.4.2
  npm install --silent --no-audit --no-fund --prefix deno-2.4.2 deno@2.4.2 >&2
fi
echo "export DENO_COMPILE='$(ls "$PWD"/deno-2.4.2/node_modules/@deno/*/deno | head -n 1)'"
echo "export DENORT_BIN='$PWD/denort'"
echo "export DENO_TLS_CA_STORE=system"
