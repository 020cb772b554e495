// Times in IGMPv3 and MLDv2 queries: small ones as they are, large ones as mantissa and exponent (RFC 3376 §4.1.1 and
// §4.1.7; RFC 3810 §5.1.3 and §5.1.9).

/** 8 bits: 1 bit “large”, 3 exponent, 4 mantissa. */
export function decodeFloat8(code: number): number {
  return code < 128 ? code : ((code & 0x0f) | 0x10) << (((code >> 4) & 7) + 3);
}

/** The largest code whose value is not above `value`. */
export function encodeFloat8(value: number): number {
  if (value < 128) return Math.max(0, Math.floor(value));
  let code = 128;
  while (code < 255 && decodeFloat8(code + 1) <= value) code++;
  return code;
}

/** 16 bits: 1 bit “large”, 3 exponent, 12 mantissa. */
export function decodeFloat16(code: number): number {
  return code < 32_768 ? code : ((code & 0x0fff) | 0x1000) << (((code >> 12) & 7) + 3);
}

export function encodeFloat16(value: number): number {
  if (value < 32_768) return Math.max(0, Math.floor(value));
  for (let exponent = 0; exponent < 8; exponent++) {
    const mantissa = Math.floor(value / 2 ** (exponent + 3));
    if (mantissa < 0x2000) return 0x8000 | (exponent << 12) | (mantissa & 0x0fff);
  }
  return 0xffff;
}
