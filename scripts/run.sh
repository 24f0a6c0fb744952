#!/bin/sh
# Runs a command of this repository with what it needs: Node 24 and the installed packages.
# Works from any Node and npm, fetches what is missing from npm, and then becomes the command,
# so that a signal to npm reaches it.
set -eu

NODE_VERSION=24.21.0
NPM_VERSION=11.19.1
cwd=$PWD
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*" >&2; }
node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

if [ "$(node_major)" -lt 24 ] || [ -x .tools/node_modules/.bin/node ]; then
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    Darwin-arm64) platform=darwin-arm64 ;;
    Darwin-x86_64) platform=darwin-x64 ;;
    *) say "Jeju Compute needs Node 24 or newer, and npm has none for $(uname -sm). Install it and try again."; exit 1 ;;
  esac
  if [ "$(.tools/node_modules/.bin/node -v 2>/dev/null || true)" != "v$NODE_VERSION" ]; then
    say "Fetching Node $NODE_VERSION from npm (this machine has $(node -v 2>/dev/null || echo none)) …"
    npm install --prefix .tools --no-save --no-fund --no-audit --loglevel=error \
      "node-$platform@$NODE_VERSION" "npm@$NPM_VERSION" >&2
  fi
  PATH=$root/.tools/node_modules/.bin:$PATH
fi
PATH=$root/node_modules/.bin:$PATH
export PATH

lock=$(cksum <package-lock.json)
if [ "$lock" != "$(cat node_modules/.jeju-lock 2>/dev/null || true)" ]; then
  say 'Installing packages (about a minute) …'
  npm ci --no-fund --no-audit --loglevel=error >&2
  printf '%s' "$lock" >node_modules/.jeju-lock
fi

cd "$cwd"
exec "$@"
