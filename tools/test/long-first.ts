// The files that take minutes begin first, so that the last worker is not left alone with one of them. All others: as Vitest
// orders them, by their size.
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** Longest first. */
const LONG = [
  "e2e/debian.e2e.ts",
  "e2e/daemon-killed.e2e.ts",
  "e2e/moments-killed.e2e.ts",
  "e2e/moments-together.e2e.ts",
  "e2e/hardware.e2e.ts",
  "e2e/disks.e2e.ts",
  "e2e/browser.e2e.ts",
  "apps/web/test/web.real.test.ts",
  "e2e/what-goes-wrong.e2e.ts",
  "e2e/real-guests.e2e.ts",
  "apps/web/test/networks.real.test.ts",
  "e2e/copies.e2e.ts",
  "packages/qemu/test/hotplug.real.test.ts",
];

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ordered = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((path) => moduleId.endsWith(`/${path}`));
      return at < 0 ? LONG.length : at;
    };
    const quick = ordered.filter(({ project }) => project.name !== "real");
    const real = ordered.filter(({ project }) => project.name === "real");
    return [...quick, ...real.sort((a, b) => place(a) - place(b))];
  }
}
