// A machine's UUID, as its firmware says it to the guest: derived from the id, so that nothing has to be kept.
const CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";

/** The 26 characters of a machine's id are 130 bits; the lower 128 are its UUID, the same for ever. */
export function machineUuid(machineId: string): string {
  let bits = 0n;
  for (const c of machineId.slice(4)) bits = (bits << 5n) | BigInt(Math.max(0, CROCKFORD.indexOf(c)));
  const hex = (bits & ((1n << 128n) - 1n)).toString(16).padStart(32, "0");
  // Version 8 (“custom”), RFC 9562.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
