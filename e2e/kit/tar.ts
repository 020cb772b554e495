// A tar writer that writes whatever names it is told: for archives that no honest program makes (POSIX ustar).
export interface Member {
  readonly name: string;
  readonly body?: string;
  /** A symbolic link to there. */
  readonly link?: string;
}

export function tarOf(members: readonly Member[]): Uint8Array {
  const blocks: Buffer[] = [];
  for (const { name, body = "", link } of members) {
    const head = Buffer.alloc(512);
    head.write(name, 0, 100);
    head.write("0000644\0", 100);
    head.write("0000000\0", 108);
    head.write("0000000\0", 116);
    head.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
    head.write("00000000000\0", 136);
    head.write("        ", 148);
    head.write(link === undefined ? "0" : "2", 156);
    if (link !== undefined) head.write(link, 157, 100);
    head.write("ustar\x0000", 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(head, Buffer.from(body.padEnd(Math.ceil(body.length / 512) * 512, "\0")));
  }
  blocks.push(Buffer.alloc(1024));
  return Buffer.concat(blocks);
}
