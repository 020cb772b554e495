// DNS over TCP: each message behind two bytes of length (RFC 7766 §8). Collects bytes as they come and answers whole messages.

export class DnsTcpReader {
  #pending: Uint8Array = new Uint8Array();

  /** The messages that are whole now. They are copies. */
  push(bytes: Uint8Array): Uint8Array[] {
    const all = new Uint8Array(this.#pending.length + bytes.length);
    all.set(this.#pending);
    all.set(bytes, this.#pending.length);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at + 2 <= all.length) {
      const end = at + 2 + (((all[at] ?? 0) << 8) | (all[at + 1] ?? 0));
      if (end > all.length) break;
      messages.push(all.slice(at + 2, end));
      at = end;
    }
    this.#pending = all.slice(at);
    return messages;
  }
}

export function framedForTcp(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(2 + message.length);
  framed[0] = message.length >> 8;
  framed[1] = message.length & 255;
  framed.set(message, 2);
  return framed;
}
