// One packet: its protocols from the outside in, each with its fields, and its bytes.
import type { LivePacket } from "@mimic/api/live";
import { plain } from "@mimic/base";
import { useState } from "react";
import type { PacketBytes, Range } from "./use-packets.ts";

const MOST_BYTES = 1_600;

/** “0000  52 54 00 …  RT.…” a line for each sixteen bytes. */
export function hexLines(bytes: Uint8Array): { readonly at: number; readonly hex: readonly string[]; readonly text: string }[] {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, MOST_BYTES); at += 16) {
    const piece = [...bytes.subarray(at, at + 16)];
    lines.push({
      at,
      hex: piece.map((byte) => byte.toString(16).padStart(2, "0")),
      text: piece.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join(""),
    });
  }
  return lines;
}

export function PacketDetail({ packet, bytes }: { packet: LivePacket; bytes: PacketBytes | undefined }) {
  const [shown, setShown] = useState<Range>();
  const here = bytes?.seq === packet.seq ? bytes : undefined;
  return (
    <div className="packet-detail">
      <p>
        <strong>
          {plain(packet.protocol, 16)} {plain(packet.words, 300)}
        </strong>
      </p>
      {packet.dropped ? <p className="packet-dropped">Dropped: {plain(packet.dropped, 300)}</p> : null}
      {here?.bytes ? (
        <>
          {here.layers.map((layer, at) => (
            <details
              // biome-ignore lint/suspicious/noArrayIndexKey: the layers of one packet stay as they are
              key={at}
              className="layer-fields"
              open={at === here.layers.length - 1}
              onToggle={(event) => event.currentTarget.open && setShown(layer)}
            >
              <summary>{plain(layer.name, 60)}</summary>
              {layer.problem ? <p className="packet-dropped">{plain(layer.problem, 300)}</p> : null}
              <dl>
                {layer.fields.slice(0, 100).map(({ name, value, from, to }, field) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the same
                  // biome-ignore lint/a11y/noStaticElementInteractions: only marks its bytes while the pointer is there
                  <div key={field} onMouseEnter={() => setShown(from !== undefined && to !== undefined ? { from, to } : layer)}>
                    <dt>{plain(name, 60)}</dt>
                    <dd>
                      <bdi>{plain(value, 400)}</bdi>
                    </dd>
                  </div>
                ))}
              </dl>
            </details>
          ))}
          <Hex bytes={here.bytes} range={shown ?? here.layers.at(-1)} />
        </>
      ) : (
        <p className="quiet">
          {here ? "Its bytes are not kept any more: only those of the last 2000 packets are." : "Asking for its bytes…"}
        </p>
      )}
    </div>
  );
}

function Hex({ bytes, range }: { bytes: Uint8Array; range: Range | undefined }) {
  const inside = (at: number) => range !== undefined && at >= range.from && at < range.to;
  return (
    <details className="hex">
      <summary>Its {bytes.length} bytes</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard too */}
      <pre tabIndex={0}>
        {hexLines(bytes).map(({ at, hex, text }) => (
          <span key={at} className="hex-line">
            <span className="hex-at">{at.toString(16).padStart(4, "0")}</span>{" "}
            {hex.map((byte, k) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: bytes stay where they are
              <span key={k} data-inside={inside(at + k) || undefined}>
                {byte}{" "}
              </span>
            ))}
            {"   ".repeat(16 - hex.length)} {text}
            {"\n"}
          </span>
        ))}
        {bytes.length > MOST_BYTES ? "…" : ""}
      </pre>
    </details>
  );
}
