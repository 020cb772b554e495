// How a guest says that the shell on its channel (hvc0) has ended. The channel itself stays open: the next shell is there at
// once. Terminals pass over the sequence, which belongs to no program (OSC 777, xterm control sequences).

/** As it comes over the channel. */
export const SHELL_ENDED = "\u001b]777;mimic;shell-ended\u0007";

/** For the profile that a login shell reads: said when that shell ends, on the channel alone. POSIX sh. */
export const SAY_SHELL_ENDED = `case $(tty) in /dev/hvc0) trap 'printf "\\033]777;mimic;shell-ended\\007"' EXIT ;; esac`;
