// Boot sectors that make a sound, for machines of the years before drivers: a square wave in memory, then a list of
// ports and values, one after the other, and nothing more. 16-bit code, loaded at 7c00h.

type Ports = readonly (readonly [port: number, value: number])[];

const adlib = (...pairs: readonly (readonly [register: number, value: number])[]): Ports =>
  pairs.flatMap(([register, value]) => [
    [0x388, register],
    [0x389, value],
  ]);

/** One voice of an AdLib that goes on: 440 Hz (block 4, number 0x244), the carrier alone at full volume. */
export const ADLIB: Ports = adlib(
  [0x20, 0x21],
  [0x40, 0x3f],
  [0x60, 0xf0],
  [0x80, 0x00],
  [0x23, 0x21],
  [0x43, 0x00],
  [0x63, 0xf0],
  [0x83, 0x00],
  [0xc0, 0x01],
  [0xa0, 0x44],
  [0xb0, 0x32],
);

/** The Sound Blaster plays 4096 bytes from 8000h again and again, by DMA channel 1 at 11,111 samples a second. */
export const SOUND_BLASTER: Ports = [
  ...([1, 0] as const).map((value) => [0x226, value] as const), // reset
  [0x0a, 0x05], // DMA: mask channel 1, then mode (auto-initialised, to the card), address, page, count - 1
  [0x0c, 0x00],
  [0x0b, 0x59],
  [0x02, 0x00],
  [0x02, 0x80],
  [0x83, 0x00],
  [0x0c, 0x00],
  [0x03, 0xff],
  [0x03, 0x0f],
  [0x0a, 0x01],
  ...[0xd1, 0x40, 0xa6, 0x48, 0xff, 0x0f, 0x1c].map((value) => [0x22c, value] as const), // speaker, rate, size, play
];

export function soundSector(ports: Ports): Uint8Array {
  const TABLE = 0x80;
  const code = [
    ...[0xfa, 0xfc, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0], // cli; cld; ds = es = 0
    ...[0xbf, 0x00, 0x80, 0xb9, 0x00, 0x10], // di = 8000h, cx = 4096
    ...[0x88, 0xc8, 0x24, 0x20, 0xc0, 0xe0, 0x02, 0x04, 0x40, 0xaa, 0xe2, 0xf4], // al = (cl & 32) * 4 + 64; stosb; loop
    ...[0xbe, TABLE, 0x7c, 0xb9, ports.length & 0xff, ports.length >> 8], // si = table, cx = count
    ...[0xad, 0x89, 0xc2, 0xac, 0xee, 0xe2, 0xf9], // lodsw; dx = ax; lodsb; out dx, al; loop
    ...[0xf4, 0xeb, 0xfd], // hlt, for ever
  ];
  const sector = new Uint8Array(512);
  sector.set(code);
  sector.set(
    ports.flatMap(([port, value]) => [port & 0xff, port >> 8, value]),
    TABLE,
  );
  sector.set([0x55, 0xaa], 510);
  return sector;
}
