// What a person wants otherwise about a machine's hardware. Not `HardwareSpec.partial()`: zod fills the defaults of
// fields that were left out even then, and “two cores, please” would quietly reset memory, board and all the rest.
import { HardwareSpec } from "@mimic/model";
import { z } from "zod";

const settable = HardwareSpec.omit({ disks: true, drives: true, nics: true, usb: true, directBoot: true, machineType: true }).shape;
type Settable = typeof settable;
type Wish = { [Field in keyof Settable]: z.ZodOptional<ReturnType<Settable[Field]["unwrap"]>> };

/** Each field may be left out; a field that is left out stays as it is (or as the system's recipe says). */
export const HardwareWish = z.strictObject(
  Object.fromEntries(Object.entries(settable).map(([field, schema]) => [field, schema.unwrap().optional()])) as Wish,
);
