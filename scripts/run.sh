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
tools=$root/.tools/node_modules/.bin
log=$root/.tools/install.log
holding=''
ticker=''

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
major() { "$1" -v 2>/dev/null | sed 's/^v//; s/\..*//' | grep -x '[0-9][0-9]*' || echo 0; }
has_node() {
  [ "$("$tools/node" -v 2>/dev/null || true)" = "v$NODE_VERSION" ] &&
    grep -q "\"version\": \"$NPM_VERSION\"" "$tools/../npm/package.json" 2>/dev/null
}
# An npm that is too old matters only while there is something to install.
wants_node() { [ -d "$tools" ] || [ "$(major node)" -lt 24 ] || { ! has_packages && [ "$(major npm)" -lt 10 ]; }; }
has_packages() { [ "$lock" = "$(cat node_modules/.jeju-lock 2>/dev/null || true)" ]; }

let_go() {
  [ -z "$ticker" ] || kill "$ticker" 2>/dev/null || true
  [ -z "$holding" ] || rm -rf .tools/installing
  ticker='' holding=''
}
trap let_go EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# One run installs; the others wait for it, and take over from one that died.
hold() {
  mkdir -p .tools 2>/dev/null && [ -w . ] && [ -w .tools ] ||
    fail "Packages must be installed first, and $root cannot be written to: copy it to a folder of yours."
  waited=0
  until mkdir .tools/installing 2>/dev/null; do
    holder=$(cat .tools/installing/pid 2>/dev/null || true)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then rm -rf .tools/installing; continue; fi
    if [ -z "$holder" ] && [ "$waited" -gt 5 ]; then rm -rf .tools/installing; continue; fi
    [ "$waited" -ne 1 ] || say 'Another run is installing packages; waiting for it …'
    waited=$((waited + 1))
    sleep 1
  done
  holding=yes
  echo $$ >.tools/installing/pid
}

# Runs npm quietly, says that it still runs, and turns a failure into one line.
quietly() {
  (
    trap 'kill "$nap"; exit' TERM
    since=0
    while sleep 10 & nap=$!; wait "$nap"; do since=$((since + 10)); say "  … $since s"; done
  ) &
  ticker=$!
  ok=yes
  npm_config_ignore_scripts=true "$@" --no-fund --no-audit --loglevel=error --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 >"$log" 2>&1 </dev/null || ok=no
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=''
  [ "$ok" = no ] || return 0
  if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH' "$log"; then
    fail "The packages come from $(npm config get registry 2>/dev/null), which cannot be reached. Check the network and try again."
  elif grep -q 'ENOSPC' "$log"; then
    fail 'This disk is full: the packages need 1.5 GB. Make room and try again.'
  fi
  tail -n 5 "$log" >&2
  fail "npm could not install the packages; all it said is in $log."
}

lock=$(cksum <package-lock.json)
if wants_node; then
  if ! has_node; then
    case "$(uname -s)-$(uname -m)" in
      Linux-x86_64) platform=linux-x64 ;;
      Linux-aarch64) platform=linux-arm64 ;;
      Darwin-arm64) platform=darwin-arm64 ;;
      Darwin-x86_64) platform=darwin-x64 ;;
      *) fail "Jeju Compute needs Node 24 or newer, and npm has none for $(uname -sm). Install it and try again." ;;
    esac
    command -v npm >/dev/null || fail 'Jeju Compute is installed by npm, which is not here. Install Node and npm and try again.'
    hold
    if ! has_node; then
      say "Fetching Node $NODE_VERSION from npm (this machine has $(node -v 2>/dev/null || echo none)) …"
      quietly npm install --prefix .tools --no-save "node-$platform@$NODE_VERSION" "npm@$NPM_VERSION"
      has_node || fail "Node $NODE_VERSION from npm does not run on this machine. Install Node 24 or newer and try again."
    fi
    let_go
  fi
  PATH=$tools:$PATH
fi
PATH=$root/node_modules/.bin:$PATH
export PATH

if ! has_packages; then
  hold
  if ! has_packages; then
    say 'Installing packages (about a minute) …'
    quietly npm ci
    printf '%s' "$lock" >node_modules/.jeju-lock
  fi
  let_go
fi

# Foundry's own binaries: npm's start scripts for them exit with 0 when they fail.
for bin in "$root"/node_modules/@foundry-rs/*-*-*/bin; do
  [ ! -d "$bin" ] || PATH=$bin:$PATH
done

# Who started this; the command cannot ask any more when that one is killed early.
JEJU_LAUNCH="$$ $PPID"
export JEJU_LAUNCH

trap - EXIT INT TERM HUP
cd "$cwd"
exec "$@"
