// Server-sent events: the `data:` of each, from a stream of bytes (HTML standard, “event stream”). Bounded.
const LONGEST_EVENT = 1024 * 1024;

export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true }).replaceAll("\r", "");
    if (text.length > LONGEST_EVENT) throw new Error("an event is larger than any that the daemon sends");
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = text
        .slice(0, end)
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart());
      text = text.slice(end + 2);
      if (data.length > 0) yield data.join("\n");
    }
  }
}
