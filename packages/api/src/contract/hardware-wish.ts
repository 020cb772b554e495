// What a person wants otherwise about a machine's hardware.
import { HardwareSpec } from "@mimic/model";
import { z } from "zod";
import { eachOptional } from "./each-optional.ts";

const settable = HardwareSpec.omit({ disks: true, drives: true, nics: true, usb: true, directBoot: true, machineType: true }).shape;

/** Each field may be left out; a field that is left out stays as it is (or as the system's recipe says). */
export const HardwareWish = z.strictObject(eachOptional(settable));
