// The address of the browser interface with a one-time code in its fragment (which never leaves the browser).
import type { Client } from "@mimic/api/client";

export async function browserAddress(client: Client): Promise<string> {
  const { address, code } = await client.sessions.code({});
  if (address.includes("#")) return address;
  return `${address.replace(/\/$/, "")}/#c=${encodeURIComponent(code)}`;
}
