// The addresses of this computer's interfaces, which no guest may reach through us. They change while we run (Wi-Fi, VPN, a new
// container bridge), and Node tells nobody, so they are read again when somebody asks and the last look is a second old.
import { networkInterfaces } from "node:os";
import { parseIp } from "@mimic/wire";

const OLD_AFTER_MS = 1000;

/** Answers the same list as long as nothing changed. Loopback included. */
export function watchHostAddresses(read = networkInterfaces, nowMs = () => performance.now()): () => readonly Uint8Array[] {
  let known: readonly Uint8Array[] = [];
  let key = "";
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = nowMs();
    if (now - readAtMs < OLD_AFTER_MS) return known;
    readAtMs = now;
    const texts = Object.values(read()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address.replace(/%.*$/, "")));
    const newKey = [...new Set(texts)].sort().join(" ");
    if (newKey !== key) {
      key = newKey;
      known = newKey.split(" ").flatMap((text) => parseIp(text) ?? []);
    }
    return known;
  };
}
