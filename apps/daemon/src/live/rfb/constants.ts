// Numbers of RFB 3.8 (RFC 6143) and of the extensions that QEMU and the viewers speak
// (the community's rfbproto.rst; QEMU ui/vnc.h).

export const ENCODING = {
  raw: 0,
  copyRect: 1,
  hextile: 5,
  zlib: 6,
  tight: 7,
  zrle: 16,
  tightPng: -260,
  desktopSize: -223,
  lastRect: -224,
  cursor: -239,
  extendedKey: -258,
  audio: -259,
  ledState: -261,
  extendedDesktopSize: -308,
} as const;

/** What the server may be asked for: exactly what the reader of its stream can follow. */
const ALLOWED: ReadonlySet<number> = new Set(Object.values(ENCODING).filter((encoding) => encoding !== ENCODING.audio));

/** Quality (-32…-23) and compression (-256…-247) are wishes: nothing of that number ever comes back. */
export function isAllowedEncoding(encoding: number): boolean {
  return ALLOWED.has(encoding) || (encoding >= -32 && encoding <= -23) || (encoding >= -256 && encoding <= -247);
}

export const MAX_SIDE = 8192;
export const MAX_RECT_BYTES = 64 * 1024 ** 2;
export const MAX_CURSOR_SIDE = 1024;
export const MAX_CUT_TEXT = 256 * 1024;
export const MAX_AUDIO_MESSAGE = 1024 ** 2;
