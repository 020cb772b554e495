#!/bin/sh
# Proves the first command of the README on a fresh computer: builds a Debian 12 with nothing but git, Node 20 with
# npm, and apt, puts a clean clone of HEAD into it, and runs `./mimic up` there as root and without a terminal.
# Needs root, debootstrap and about 4 GB below TMPDIR; takes some minutes. Not part of `./mimic test`.
# Usage: tools/fresh-test.sh [--keep] [COMMAND …]   (the default: up, exec in the machine, up again, down)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
keep=
[ "${1-}" = --keep ] && keep=yes && shift

[ "$(id -u)" = 0 ] || { echo "fresh-test: this needs root, for debootstrap and chroot." >&2; exit 77; }
for program in debootstrap unshare node npm; do
  command -v $program >/dev/null || { echo "fresh-test: $program is not installed." >&2; exit 77; }
done

if [ "${MIMIC_FRESH_INSIDE-}" = "" ]; then
  # Mounts and processes of the test are in namespaces of their own, so nothing of it is left behind.
  MIMIC_FRESH_DIR=$(mktemp -d "${TMPDIR:-/tmp}/mimic-fresh-XXXXXX")
  export MIMIC_FRESH_DIR
  code=0
  MIMIC_FRESH_INSIDE=yes unshare --mount --pid --fork --kill-child "$0" "$@" || code=$?
  if [ -n "$keep" ]; then echo "Kept: $MIMIC_FRESH_DIR"; else rm -rf --one-file-system "$MIMIC_FRESH_DIR"; fi
  exit $code
fi

new=$MIMIC_FRESH_DIR/computer
mount --make-rprivate /
echo "== Building a Debian 12 in $new"
# The mirror that this computer itself uses, where it names one.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -nE 's/^deb (\[[^]]*\] )?(http[^ ]*) .*/\2/p; s/^URIs: *(http[^ ]*).*/\1/p' | grep -v security | head -n 1)
debootstrap --variant=minbase --include=git,ca-certificates bookworm "$new" $mirror >"$MIMIC_FRESH_DIR/debootstrap.log" 2>&1 ||
  { tail -n 5 "$MIMIC_FRESH_DIR/debootstrap.log" >&2; exit 1; }

echo "== Giving it this computer's Node $(node --version), and its ways to the network"
mkdir -p "$new/usr/lib/node_modules"
cp -L "$(command -v node)" "$new/usr/bin/node"
cp -a "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$new/usr/lib/node_modules/npm"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$new/usr/bin/npm"
for path in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
  [ -e "$path" ] && rm -f "$new$path" && cp -L "$path" "$new$path"
done
for path in "$HOME/.npmrc" /etc/npmrc; do
  [ -e "$path" ] && cp "$path" "$new/root/.npmrc"
done
mount -t proc proc "$new/proc"
mount --rbind /sys "$new/sys"
mount --rbind /dev "$new/dev"

echo "== Cloning"
git clone -q --no-local "$root" "$new/root/mimic"
git -C "$new/root/mimic" log -1 --format='   %h %s'

[ $# -gt 0 ] || set -- sh -ec '
  ./mimic up
  echo "== A command in the machine"
  ./mimic exec hello -- uname -a
  echo "== Again: nothing may change"
  ./mimic up
  echo "== The end"
  ./mimic down --all'
echo "== Running"
began=$(date +%s)
code=0
env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  ${http_proxy+http_proxy="$http_proxy"} ${https_proxy+https_proxy="$https_proxy"} \
  ${NODE_EXTRA_CA_CERTS+NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS"} \
  chroot "$new" sh -c 'cd /root/mimic && exec "$@"' sh "$@" </dev/null || code=$?
echo "== Ended with code $code after $(($(date +%s) - began)) s"
exit $code
