// Networks and machines together, as the network pages need them.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { machinesQuery, networksQuery } from "../../queries.ts";
import type { World } from "./things.ts";

export function useWorld(): { readonly world: World | undefined; readonly error: unknown } {
  const networks = useQuery(networksQuery);
  const machines = useQuery(machinesQuery);
  const world = useMemo(
    () =>
      networks.data && machines.data
        ? { networks: networks.data, machines: machines.data.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })) }
        : undefined,
    [networks.data, machines.data],
  );
  return { world, error: world ? undefined : (networks.error ?? machines.error) };
}
