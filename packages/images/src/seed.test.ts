import { describe, expect, test } from "vitest";
import { recognise } from "./inspect/recognise.ts";
import { Fields } from "./inspect/types.ts";
import { plainSeed, userData, writeSeed } from "./seed.ts";

const options = { hostname: "box", user: "ada", authorizedKeys: ['ssh-ed25519 AAAA ada: "x" - evil'], instanceId: "mch_1" };

/** A reader of its own, for the Joliet tree only. */
function filesOf(iso: Uint8Array): Map<string, string> {
  const fields = new Fields(iso);
  const descriptor = 17 * 2048;
  expect(fields.text(descriptor + 88, 3)).toBe("%/E");
  const root = fields.u32(descriptor + 156 + 2, true) * 2048;
  const files = new Map<string, string>();
  for (let at = root; (iso[at] ?? 0) > 0; at += iso[at] ?? 0) {
    const length = iso[at + 32] ?? 0;
    if (length === 1) continue;
    const name = new TextDecoder("utf-16be").decode(iso.subarray(at + 33, at + 33 + length));
    const from = fields.u32(at + 2, true) * 2048;
    files.set(name, new TextDecoder().decode(iso.subarray(from, from + fields.u32(at + 10, true))));
  }
  return files;
}

describe("the cloud-init seed", () => {
  test("is a CD labelled cidata with cloud-init's two files, and the same in plain lines", async () => {
    const iso = writeSeed(options);
    const found = await recognise({ sizeBytes: iso.length, read: async (offset, length) => iso.subarray(offset, offset + length) });
    expect(found).toMatchObject({ raw: ["iso"], containers: [], refused: [] });
    expect(new Fields(iso).text(16 * 2048 + 40, 6)).toBe("cidata");
    const files = filesOf(iso);
    expect([...files.keys()]).toEqual(["meta-data", "mimic-seed", "user-data"]);
    expect(files.get("mimic-seed")).toMatch(/^uuid [0-9a-f-]{36}\nname box\nuser ada\nkey ssh-ed25519 AAAA/);
    expect(JSON.parse(files.get("meta-data") ?? "")).toEqual({ "instance-id": "mch_1", "local-hostname": "box" });
  });

  test("carries the key as data, whatever is in it", () => {
    const [first, ...rest] = userData(options).split("\n");
    expect(first).toBe("#cloud-config");
    expect(JSON.parse(rest.join("\n")).users[0].ssh_authorized_keys).toEqual(options.authorizedKeys);
  });

  test("carries no key that would be two of its lines", () => {
    expect(() => plainSeed({ ...options, authorizedKeys: ["ssh-ed25519 AAAA\nuser root"] })).toThrow(RangeError);
  });

  test("same words, same bytes", () => expect(writeSeed(options)).toEqual(writeSeed(options)));

  test("a user name that is none is not written anywhere", () => {
    expect(() => userData({ ...options, user: "x; rm -rf /" })).toThrow(RangeError);
  });
});
