#!/bin/sh
# Brings a Node that is new enough, then hands over to tools/main.ts, which does all the rest.
# Only what cannot be written in TypeScript is here: there may be no Node yet that runs it.
# MIMIC_ROOT comes from the launcher.
set -u
root=$(cd -P "$MIMIC_ROOT" && pwd) || exit 1
export MIMIC_ROOT="$root"
state=$root/.mimic
log=$state/log/node.log
oldest=24

fail() {
  printf 'mimic: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# True when the program runs and is Node $oldest or newer.
is_new_enough() {
  major=$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || return 1
  case $major in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -ge "$oldest" ]
}

# One set-up at a time. The lock is a folder (made in one step or not at all) with our process id, which
# tools/main.ts keeps because we `exec` it. A lock from before a reboot, or of a process that is gone, is void.
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo any)
take_lock() {
  waited=0
  until mkdir "$state/lock" 2>/dev/null; do
    holder=$(cat "$state/lock/holder" 2>/dev/null || echo)
    pid=${holder%% *}
    # No holder written after 10 s: its maker ended between the two steps.
    if { [ -z "$holder" ] && [ $waited -gt 10 ]; } ||
      { [ -n "$holder" ] && { [ "${holder#* }" != "$boot" ] || ! kill -0 "$pid" 2>/dev/null; }; }; then
      # Whoever renames it first may make a new one; a lock that changed hands meanwhile goes back.
      if mv "$state/lock" "$state/lock.$$" 2>/dev/null; then
        [ "$(cat "$state/lock.$$/holder" 2>/dev/null)" = "$holder" ] || mv "$state/lock.$$" "$state/lock" 2>/dev/null
        rm -rf "$state/lock.$$"
      fi
      continue
    fi
    [ $waited -eq 0 ] && printf 'Another set-up of this folder is under way (process %s); waiting for it.\n' "${pid:-?}" >&2
    waited=$((waited + 1))
    [ $waited -gt 1800 ] && fail "Another set-up did not end within 30 minutes." "If nothing is being set up, remove $state/lock and run the command again."
    sleep 1
  done
  printf '%s %s\n' "$$" "$boot" >"$state/lock/holder"
}

# Node is linked against libatomic, which the smallest installations lack. It is the one system package that cannot wait
# for tools/main.ts; so it is asked for here, together with what comes later: nobody is asked twice.
bring_libatomic() {
  for manager in apt-get dnf zypper; do command -v $manager >/dev/null 2>&1 && break; manager=; done
  case $manager in
  apt-get) install='apt-get -q install -y --no-install-recommends libatomic1' ;;
  dnf) install='dnf install -y libatomic' ;;
  zypper) install='zypper --non-interactive install libatomic1' ;;
  *) fail "Node.js needs the library libatomic.so.1, and this computer lacks it." "Install it with your package manager, then run the same command again." ;;
  esac
  [ "$(id -u)" = 0 ] || install="sudo $install"
  printf 'Node.js needs the library libatomic. It comes with: %s\n' "$install" >&2
  if [ -z "$yes" ] && [ -t 0 ] && [ -t 2 ]; then
    printf 'Install it now, and then what machines need (QEMU, its firmware and the like; it is listed first)? [Y/n] ' >&2
    read -r answer
    case $answer in
    '' | y | Y | yes) export MIMIC_MAY_INSTALL=yes ;;
    *) fail "Mimic cannot go on without it." "Install it yourself ($install), then run the same command again." ;;
    esac
  fi
  printf 'Installing libatomic …\n' >&2
  if [ $manager = apt-get ] && ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
    ${install%%apt-get*}env DEBIAN_FRONTEND=noninteractive apt-get -q update >>"$log" 2>&1
  fi
  $install </dev/null >>"$log" 2>&1 || fail "libatomic could not be installed." "$(tail -n 3 "$log")" "By hand: $install" "Everything it said: $log"
}

# The platform package of Node from the npm registry: one file, no install script. tools/node pins version and digest.
bring_node() {
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ||
    fail "Node.js with npm is needed to begin, and this computer has none." \
      "Install them with your package manager (Debian, Ubuntu: apt-get install nodejs npm), then run the same command again."
  printf 'Fetching Node.js for this folder (the one installed here is %s, Mimic needs %s or newer) …\n' "$(node --version 2>/dev/null || echo broken)" "$oldest" >&2
  rm -rf "$state/node" && mkdir -p "$state/node" && cp "$root/tools/node/package.json" "$root/tools/node/package-lock.json" "$state/node/" ||
    fail "The folder $state cannot be written." "Check that it belongs to you and that the disk is not full."
  (cd "$state/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=warn) >"$log" 2>&1 ||
    fail "Node.js could not be fetched from the npm registry." "$(tail -n 3 "$log")" "Check the network and run the same command again. Everything npm said: $log"
  for found in "$state"/node/node_modules/node-*/bin/node; do :; done
  case $("$found" --version 2>&1) in *libatomic*) bring_libatomic ;; esac
  is_new_enough "$found" ||
    fail "There is no ready-made Node.js for this computer ($(uname -sm))." "Install Node.js $oldest or newer with your package manager, then run the same command again."
}

yes=
for word in "$@"; do
  case $word in --yes | -y) yes=yes ;; --) break ;; esac
done

mkdir -p "$state/bin" "$state/log" 2>/dev/null || fail "The folder $state cannot be made." "Check that $root belongs to you and that the disk is not full."
take_lock
trap 'rm -rf "$state/lock"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

node=$(command -v node 2>/dev/null || echo)
if [ -z "$node" ] || ! is_new_enough "$node"; then
  node=
  for found in "$state"/node/node_modules/node-*/bin/node; do
    # Again when the pinned version moved on.
    if [ -x "$found" ] && cmp -s "$root/tools/node/package-lock.json" "$state/node/package-lock.json" && is_new_enough "$found"; then node=$found; fi
  done
  if [ -z "$node" ]; then
    bring_node
    node=$found
  fi
fi
if [ "$(readlink "$state/bin/node" 2>/dev/null)" != "$node" ]; then
  ln -sf "$node" "$state/bin/node.$$" && mv -f "$state/bin/node.$$" "$state/bin/node"
fi
trap - EXIT INT TERM
exec "$state/bin/node" --disable-warning=ExperimentalWarning "$root/tools/main.ts" "$@"
