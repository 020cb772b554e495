// The outer shell of a Debian package: the common "ar" archive (deb(5)).
import { asciiField, type ByteReader, malformed } from "./byte-reader.ts";

export interface ArMember {
  readonly name: string;
  readonly sizeBytes: number;
  /** To be read to its end before the next member is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The members in their order. A body that was not read is skipped. Throws `archive.malformed`. */
export async function* readAr(reader: ByteReader): AsyncGenerator<ArMember, void, void> {
  const magic = await reader.read(8);
  if (!magic || asciiField(magic, 0, 8) !== "!<arch>\n") throw malformed("package", "it does not begin like an ar archive");
  for (let count = 0; count < 64; count++) {
    const header = await reader.read(60);
    if (!header) return;
    if (asciiField(header, 58, 2) !== "`\n") throw malformed("package", "a member's header is damaged");
    const digits = asciiField(header, 48, 10).trim();
    if (!/^\d{1,10}$/.test(digits)) throw malformed("package", "a member's size is no number");
    const sizeBytes = Number(digits);
    let left = sizeBytes;
    const body = (async function* () {
      for await (const chunk of reader.stream(left)) {
        left -= chunk.length;
        yield chunk;
      }
    })();
    yield { name: asciiField(header, 0, 16).trim().replace(/\/$/, ""), sizeBytes, body };
    await body.return?.();
    await reader.skip(left);
    if (sizeBytes % 2 === 1) await reader.read(1);
  }
  throw malformed("package", "it has too many members");
}
