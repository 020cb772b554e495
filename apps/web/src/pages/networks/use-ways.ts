// Where actions of the network pages lead: other pages, the panel, a dialog.
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Ways } from "./actions.ts";
import type { AskFor } from "./ask.ts";

export function useWays(ask: AskFor, look?: (id: string) => void): Ways {
  const navigate = useNavigate();
  return useMemo(
    (): Ways => ({
      ask,
      look: look ?? ((id) => void navigate({ to: "/networks", search: { at: id } })),
      openMachine: (machine) => void navigate({ to: "/machines/$machine/{-$tab}", params: { machine, tab: "network" } }),
      openNetwork: (network, tab, port) =>
        void navigate({ to: "/networks/$network/{-$tab}", params: { network, tab }, search: port ? { port } : {} }),
    }),
    [ask, look, navigate],
  );
}
