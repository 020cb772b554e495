// The events that are acted upon, as plain data. Anything else passes through with its raw data.
// Strings in events may come from the guest: show them only through `plain`. (qapi/run-state.json, block-core.json)
import { asObject } from "./framing.ts";

export interface QmpEvent {
  readonly kind: "event";
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function readEvent(message: Readonly<Record<string, unknown>>): QmpEvent | undefined {
  const name = message.event;
  if (typeof name !== "string" || !/^[A-Z0-9_]{1,64}$/.test(name)) return undefined;
  return { kind: "event", event: name, data: asObject(message.data) ?? {} };
}

export const textOf = (data: Readonly<Record<string, unknown>>, key: string): string => {
  const value = data[key];
  return typeof value === "string" ? value : "";
};
