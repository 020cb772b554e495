// What a device says of itself to its neighbour: IEEE 802.1AB-2016 §8. Enough is read to name the neighbour.
import { type Malformed, readU16 } from "../bytes.ts";

export interface LldpMessage {
  /** Subtype and value, as views: what they mean depends on the subtype (§8.5.2.2, §8.5.3.2). */
  readonly chassis: { readonly subtype: number; readonly id: Uint8Array };
  readonly port: { readonly subtype: number; readonly id: Uint8Array };
  readonly ttlSeconds: number;
  readonly portDescription: Uint8Array | undefined;
  readonly systemName: Uint8Array | undefined;
  readonly systemDescription: Uint8Array | undefined;
}
export type LldpMalformed = "truncated" | "mandatory_missing";

/** `bytes`: what stands behind the Ethernet header. */
export function parseLldp(bytes: Uint8Array): LldpMessage | Malformed<LldpMalformed> {
  const values: (Uint8Array | undefined)[] = new Array(9);
  for (let at = 0; at + 2 <= bytes.length; ) {
    const head = readU16(bytes, at);
    const type = head >> 9;
    const end = at + 2 + (head & 0x1ff);
    if (end > bytes.length) return { malformed: "truncated" };
    if (type === 0) break;
    if (type < values.length) values[type] ??= bytes.subarray(at + 2, end);
    at = end;
  }
  const [, chassis, port, ttl, portDescription, systemName, systemDescription] = values;
  if (chassis === undefined || port === undefined || ttl === undefined) return { malformed: "mandatory_missing" };
  if (chassis.length < 2 || port.length < 2 || ttl.length < 2) return { malformed: "truncated" };
  return {
    chassis: { subtype: chassis[0] as number, id: chassis.subarray(1) },
    port: { subtype: port[0] as number, id: port.subarray(1) },
    ttlSeconds: readU16(ttl, 0),
    portDescription,
    systemName,
    systemDescription,
  };
}

export function serializeLldp(message: LldpMessage): Uint8Array {
  const texts = [message.portDescription, message.systemName, message.systemDescription];
  const tlvs: [number, readonly number[]][] = [
    [1, [message.chassis.subtype, ...message.chassis.id]],
    [2, [message.port.subtype, ...message.port.id]],
    [3, [message.ttlSeconds >> 8, message.ttlSeconds & 0xff]],
    ...texts.flatMap((text, index): [number, readonly number[]][] => (text === undefined ? [] : [[4 + index, [...text]]])),
    [0, []],
  ];
  return Uint8Array.from(tlvs.flatMap(([type, value]) => [(type << 1) | (value.length >> 8), value.length & 0xff, ...value]));
}
