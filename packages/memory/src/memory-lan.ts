// A LAN in memory: a test says what the computer has, and sees which cables were made.
import type { LanBridges, LanLook, LanNews } from "@mimic/workbench/ports";

export class MemoryLanBridges implements LanBridges {
  /** By port: the bridge. */
  readonly cables = new Map<string, string>();
  /** A page has no network of its own. */
  seen: LanLook = { lacks: { why: "There is no network here to be joined to.", hint: "Use --kind nat." }, links: [] };
  readonly #ears = new Set<(news: LanNews) => void>();

  look: LanBridges["look"] = async () => this.seen;
  attach: LanBridges["attach"] = async ({ port, bridge }) => void this.cables.set(port, bridge);
  detach: LanBridges["detach"] = async (port) => void this.cables.delete(port);
  keepOnly: LanBridges["keepOnly"] = async (ports) => {
    for (const port of this.cables.keys()) if (!ports.has(port)) this.cables.delete(port);
  };
  listen: LanBridges["listen"] = (heard) => {
    this.#ears.add(heard);
    return { [Symbol.dispose]: () => void this.#ears.delete(heard) };
  };
  close: LanBridges["close"] = async ({ end }) => {
    if (end) this.cables.clear();
  };

  tell(news: LanNews): void {
    for (const heard of this.#ears) heard(news);
  }
}
