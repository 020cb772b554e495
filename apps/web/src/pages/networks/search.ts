// What stands in the address of the network pages: the thing that is looked at, and how.
export interface NetworksSearch {
  /** The id of the machine, NIC, port, network or edge that the panel shows. */
  readonly at?: string | undefined;
  readonly look?: "table" | undefined;
  /** For the traffic of one port only. */
  readonly port?: string | undefined;
}

const id = (value: unknown): string | undefined => (typeof value === "string" && /^[a-z0-9_]{1,50}$/.test(value) ? value : undefined);
export const readNetworksSearch = (search: Record<string, unknown>): NetworksSearch => ({
  at: id(search["at"]),
  look: search["look"] === "table" ? "table" : undefined,
  port: id(search["port"]),
});
