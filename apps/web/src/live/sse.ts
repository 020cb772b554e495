// Server-sent events out of a byte stream. EventSource cannot carry the CSRF header, so the stream is read with
// fetch. Pure: give it text in any pieces, get whole messages (HTML standard, “event stream interpretation”).

export interface SseMessage {
  readonly id: string | undefined;
  readonly data: string;
}

const LONGEST = 1_048_576;

export class SseReader {
  #rest = "";
  #data: string[] = [];
  #id: string | undefined;

  /** Messages that are complete after this piece of text. A message of more than 1 MiB is dropped. */
  push(text: string): SseMessage[] {
    const messages: SseMessage[] = [];
    this.#rest += text;
    let at = 0;
    for (;;) {
      const end = this.#rest.indexOf("\n", at);
      if (end < 0) break;
      this.#line(this.#rest.slice(at, end).replace(/\r$/, ""), messages);
      at = end + 1;
    }
    this.#rest = this.#rest.slice(at);
    if (this.#rest.length > LONGEST) this.#rest = "";
    return messages;
  }

  #line(line: string, messages: SseMessage[]): void {
    if (line === "") {
      if (this.#data.length > 0) messages.push({ id: this.#id, data: this.#data.join("\n") });
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "id") this.#id = value;
  }
}
