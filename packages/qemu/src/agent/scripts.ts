// The shell scripts that run in the guest. Plain POSIX sh; busybox is enough. Everything that is not constant comes as
// an argument, never as text of the script. Names begin with mimic_ so that they do not meet the command's own variables.
// Under emulation each program that is started costs milliseconds, so what the shell can do itself it does.

/** Makes the shell the leader of a process group of its own, so that all of it can be ended. Not every guest has it. */
export const GROUP_PROGRAM = "setsid";

/** The tiny Linux's own program that does what RUN_SCRIPT does, with one process instead of eight (runner.c of its image). */
export const RUNNER_PROGRAM = "/lib/mimic/run";

/**
 * Arguments: a name, then folders. Makes a folder of that name in the first that it can, its owner's alone, and says where;
 * then whether there is a runner.
 */
export const SCRATCH_SCRIPT = `name=$1; shift
for d; do
  mkdir -m 700 "$d/$name" 2>/dev/null || continue
  echo "$d/$name"
  [ -x ${RUNNER_PROGRAM} ] && echo runner
  exit 0
done
exit 1`;

/**
 * Arguments: a path in the folder of SCRATCH_SCRIPT, the machine's name by “uname -m” that a program is for. Leaves a file there
 * that may run; fails where the machine is another, or nothing runs from there.
 */
export const LEND_SCRIPT = `[ "$(uname -m)" = "$2" ] || exit 1
echo '#!/bin/sh' >"$1" && chmod 700 "$1" && "$1" 2>/dev/null && exit
rm -f "$1"
exit 1`;

/**
 * Arguments: prefix of the files' paths, “in” or “none”, number of variables, NAME=VALUE…, program, arguments….
 * Ends with 125 when its files cannot be made; otherwise it says “mimic CODE LAST-O LAST-E” at its end: the command's
 * status, and the number of the last file of each output, “-” when there was none at all. The status stands in the file
 * “code” as soon as the command has ended, though others may still hold its output open.
 *
 * Each output is cut into files of at most 1 MiB. At most four wait: the host empties those that it has read.
 * dd says how many pieces it took (“3+2 records in”, POSIX dd): fewer than it may means that the output has ended.
 */
export const RUN_SCRIPT = `mimic_p=$1 mimic_in=$2 mimic_n=$3; shift 3
while [ "$mimic_n" -gt 0 ]; do export "$1" || exit 125; shift; mimic_n=$((mimic_n-1)); done
echo $$ >"$mimic_p.pid" || exit 125
mimic_pump() {
  umask 077
  mimic_i=0
  while :; do
    while [ "$mimic_i" -ge 4 ] && [ -s "$mimic_p.$1.$((mimic_i-4))" ]; do sleep 0.01 2>/dev/null || sleep 1; done
    LC_ALL=C dd bs=16384 count=64 of="$mimic_p.$1.$mimic_i" 2>"$mimic_p.$1.s"
    mimic_x=0
    while read -r mimic_y mimic_z; do
      case $mimic_y in "" | *[!0-9+]*) ;; *) mimic_x=$mimic_y; break ;; esac
    done <"$mimic_p.$1.s"
    [ $(( $mimic_x )) -ge 64 ] || break
    mimic_i=$((mimic_i+1))
  done
  echo "$mimic_i" >"$mimic_p.$1.n"
}
mimic_feed() {
  mimic_i=0
  exec 6<>"$mimic_p.ci"
  while read -r mimic_x <&6; do
    [ "$mimic_x" = end ] && break
    cat "$mimic_p.i.$mimic_i" || break
    rm -f "$mimic_p.i.$mimic_i"
    mimic_i=$((mimic_i+1))
  done
}
mimic_run() { (exec "$@") 2>&3 3>&-; echo $? >"$mimic_p.code"; }
if [ "$mimic_in" = in ]; then
  mkfifo -m 600 "$mimic_p.i" "$mimic_p.ci" || exit 125
  mimic_feed >"$mimic_p.i" 2>/dev/null &
  mimic_f=$!
  { mimic_run "$@" <"$mimic_p.i" | mimic_pump o; } 3>&1 | mimic_pump e
  kill "$mimic_f" 2>/dev/null
else
  { mimic_run "$@" </dev/null | mimic_pump o; } 3>&1 | mimic_pump e
fi
read -r mimic_c <"$mimic_p.code"
for mimic_x in o e; do
  read -r mimic_i <"$mimic_p.$mimic_x.n"
  [ "$mimic_i" = 0 ] && [ ! -s "$mimic_p.$mimic_x.0" ] && mimic_i=-
  mimic_c="$mimic_c $mimic_i"
done
echo "mimic $mimic_c"`;

/** Arguments: process number of the group's leader, prefix of the files' paths. */
export const STOP_SCRIPT = `kill -TERM -$1 2>/dev/null || kill -TERM $1 2>/dev/null
n=0
while kill -0 -$1 2>/dev/null && [ $n -lt 20 ]; do sleep 0.1 2>/dev/null || sleep 1; n=$((n+1)); done
kill -KILL -$1 2>/dev/null
rm -f "$2".*`;

/** Arguments: prefix of the files' paths. What still holds the command's output open finds it gone. */
export const TIDY_SCRIPT = 'rm -f "$1".*';
