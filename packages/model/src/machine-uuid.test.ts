import { expect, test } from "vitest";
import { machineUuid } from "./index.ts";

test("a machine's identity is a valid UUID, the same for one machine and different for another", () => {
  const id = "mch_01j9abcdefghjkmnpqrstvwxyz";
  expect(machineUuid(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(machineUuid(id)).toBe(machineUuid(id));
  expect(machineUuid(id)).not.toBe(machineUuid("mch_01j9abcdefghjkmnpqrstvwxy0"));
});
