// A long list of packets of which only the rows in sight are drawn. It stays at its end while one looks at the end;
// whoever scrolls up stays where they are. Arrow keys go from packet to packet.
import type { LivePacket } from "@mimic/api/live";
import { plain } from "@mimic/base";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { rowsInSight } from "./packet-log.ts";

const ROW = 26;
const timeOf = (atMs: number): string => {
  const at = new Date(atMs);
  return Number.isNaN(at.getTime()) ? "—" : `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
};

interface Props {
  readonly packets: readonly LivePacket[];
  readonly chosen: number | undefined;
  readonly onChoose: (packet: LivePacket) => void;
  readonly narrow: boolean;
}

export function PacketList({ packets, chosen, onChoose, narrow }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [sight, setSight] = useState({ top: 0, height: 400 });
  const count = packets.length;
  const { first, end } = rowsInSight(sight.top, sight.height, ROW, count);
  const look = () => {
    const element = place.current;
    if (!element) return;
    atEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - ROW;
    setSight({ top: element.scrollTop, height: element.clientHeight });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end moves with every packet
  useLayoutEffect(() => {
    const element = place.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [count, packets.at(-1)?.seq]);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setSight((before) => ({ ...before, height: element.clientHeight })));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  const at = packets.findIndex(({ seq }) => seq === chosen);
  const step = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -count, End: count }[event.key];
    if (by === undefined || count === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(count - 1, at < 0 ? count - 1 : at + by));
    const packet = packets[next];
    if (packet) onChoose(packet);
    const element = place.current;
    if (!element) return;
    const top = next * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW - element.clientHeight;
  };
  return (
    <div
      ref={place}
      className="packets"
      data-narrow={narrow || undefined}
      role="listbox"
      tabIndex={0}
      aria-label="Packets"
      aria-activedescendant={at >= first && at < end ? `packet-${chosen}` : undefined}
      onScroll={look}
      onKeyDown={step}
    >
      <div className="packets-room" style={{ height: count * ROW }}>
        {packets.slice(first, end).map((packet, k) => (
          // At the press and not at the click: the list moves on under the pointer, and a click would end on another row.
          <div
            key={packet.seq}
            id={`packet-${packet.seq}`}
            role="option"
            tabIndex={-1}
            aria-selected={packet.seq === chosen}
            className="packet"
            data-dropped={packet.dropped ? true : undefined}
            style={{ transform: `translateY(${(first + k) * ROW}px)` }}
            onMouseDown={() => onChoose(packet)}
          >
            <span className="packet-time numbers">{timeOf(packet.atMs)}</span>
            <span className="packet-way clip">
              <bdi>{plain(packet.from, 60)}</bdi> → <bdi>{plain(packet.to, 60)}</bdi>
            </span>
            <span className="packet-protocol clip">{plain(packet.protocol, 16)}</span>
            <span className="packet-words clip">
              {packet.dropped ? <strong>Dropped: {plain(packet.dropped, 120)}. </strong> : null}
              {plain(packet.words, 300)}
            </span>
            <span className="packet-length numbers">{packet.length} B</span>
          </div>
        ))}
      </div>
    </div>
  );
}
