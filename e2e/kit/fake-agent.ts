// A guest agent that lies, as a shell script for the tiny Linux: it synchronises honestly, claims what stands in
// /tmp/claim (a JSON string) to be its name, answers everything else with nonsense, and floods once /tmp/flood is there.
export const FAKE_AGENT = `#!/bin/sh
for file in /sys/class/virtio-ports/*/name; do
  read -r name < "$file"
  [ "$name" = org.qemu.guest_agent.0 ] && port=/dev/$(basename "$(dirname "$file")")
done
exec 3<>"$port"
# Whatever has come since the last time (busybox's own “read” stops at the mark 0xff).
while line=$(dd bs=4096 count=1 <&3 2>/dev/null); do
  case $line in
    *guest-sync-delimited*)
      id=\${line##*id\\":}
      printf '\\377{"return": %s}\\n' "\${id%%\\}*}" >&3 ;;
    *guest-get-host-name*) printf '{"return":{"host-name":%s}}\\n' "$(cat /tmp/claim)" >&3 ;;
    *guest-get-osinfo*) printf '{"return":{"pretty-name":%s}}\\n' "$(cat /tmp/claim)" >&3 ;;
    *guest-info*) printf '{"return":{"version":%s}}\\n' "$(cat /tmp/claim)" >&3 ;;
    *execute*) printf '{"return":{"pid":"<b>","exited":7,"count":-1,"deep":[[[[[[[[[[]]]]]]]]]]}}\\n{"error":{"desc":"\\\\u001b]0;pwned\\\\u0007"}}\\n' >&3 ;;
  esac
  [ -e /tmp/flood ] && yes '{"return":{"flood":"flood flood flood flood flood flood flood flood"}}' | head -c 20000000 >&3
done
`;
