// The shell scripts that run in the guest. Plain POSIX sh; busybox is enough. Everything that is not constant comes as
// an argument, never as text of the script. Names begin with mimic_ so that they do not meet the command's own variables.

/** Starts a shell as the leader of a process group of its own, where setsid exists, so that all of it can be ended. */
export const GROUP_SCRIPT = 'command -v setsid >/dev/null 2>&1 && exec setsid "$0" -c "$@"; exec "$0" -c "$@"';

/**
 * Arguments: folder, “in” or “none”, number of variables, NAME=VALUE…, program, arguments….
 * Ends with 125 when its folder cannot be made; otherwise the command's status stands in the file “code”.
 */
export const RUN_SCRIPT = `mimic_d=$1 mimic_in=$2 mimic_n=$3; shift 3
while [ "$mimic_n" -gt 0 ]; do export "$1" || exit 125; shift; mimic_n=$((mimic_n-1)); done
mkdir -m 700 "$mimic_d" && mkfifo "$mimic_d/o" "$mimic_d/e" "$mimic_d/co" "$mimic_d/ce" "$mimic_d/i" "$mimic_d/ci" || exit 125
mimic_pump() {
  mimic_i=0
  exec 5<>"$mimic_d/c$1"
  while :; do
    if [ "$mimic_i" -ge 4 ]; then read -r mimic_x <&5 || break; rm -f "$mimic_d/$1.$((mimic_i-4))"; fi
    dd bs=65536 count=16 of="$mimic_d/$1.$mimic_i" 2>/dev/null
    [ -s "$mimic_d/$1.$mimic_i" ] || break
    mimic_i=$((mimic_i+1))
  done
}
mimic_feed() {
  mimic_i=0
  while read -r mimic_x; do
    [ "$mimic_x" = end ] && break
    cat "$mimic_d/i.$mimic_i" || break
    rm -f "$mimic_d/i.$mimic_i"
    mimic_i=$((mimic_i+1))
  done
}
(mimic_pump o <"$mimic_d/o") & mimic_o=$!
(mimic_pump e <"$mimic_d/e") & mimic_e=$!
if [ "$mimic_in" = in ]; then
  (exec 6<>"$mimic_d/ci"; mimic_feed <&6 >"$mimic_d/i") &
  (exec "$@") <"$mimic_d/i" >"$mimic_d/o" 2>"$mimic_d/e"
else
  (exec "$@") </dev/null >"$mimic_d/o" 2>"$mimic_d/e"
fi
echo $? >"$mimic_d/code"
wait "$mimic_o" "$mimic_e"`;

/** Arguments: process number of the group's leader, folder. */
export const STOP_SCRIPT = `kill -TERM -$1 2>/dev/null || kill -TERM $1 2>/dev/null
n=0
while kill -0 -$1 2>/dev/null && [ $n -lt 20 ]; do sleep 0.1 2>/dev/null || sleep 1; n=$((n+1)); done
kill -KILL -$1 2>/dev/null
rm -rf "$2"`;

/** Arguments: folder. What still holds the command's output open finds it gone. */
export const TIDY_SCRIPT = 'rm -rf "$1"';
