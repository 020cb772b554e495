// The one dialog that is open on the network pages, whichever it is.
import type { Ask } from "../ask.ts";
import type { World } from "../things.ts";
import { ForwardDialog } from "./forward.tsx";
import { GuardsDialog } from "./guards.tsx";
import { LinkDialog, MirrorDialog, TunnelDialog } from "./links.tsx";
import { ModeDialog } from "./mode.tsx";
import { NewNetworkDialog, RemoveNetworkDialog, RenameNetworkDialog } from "./network.tsx";
import { PlugDialog } from "./plug.tsx";
import { QualityDialog } from "./quality.tsx";
import { RecordDialog } from "./record.tsx";
import { RuleDialog } from "./rule.tsx";
import { VlanDialog } from "./vlan.tsx";

interface Props {
  readonly ask: Ask | undefined;
  readonly world: World;
  readonly onClose: () => void;
  /** A network was made: go there. */
  readonly onMade?: (id: string) => void;
}

export function NetworkDialogs({ ask, world, onClose, onMade }: Props) {
  if (!ask) return null;
  switch (ask.what) {
    case "plug":
      return <PlugDialog machine={ask.machine} nic={ask.nic} world={world} onClose={onClose} />;
    case "mode":
      return <ModeDialog thing={ask.thing} onClose={onClose} />;
    case "quality":
      return <QualityDialog thing={ask.thing} onClose={onClose} />;
    case "guards":
      return <GuardsDialog thing={ask.thing} onClose={onClose} />;
    case "newNetwork":
      return <NewNetworkDialog world={world} onClose={onClose} onMade={onMade} />;
    case "vlan":
      return <VlanDialog network={ask.network} vlan={ask.vlan} onClose={onClose} />;
    case "link":
      return <LinkDialog network={ask.network} world={world} onClose={onClose} />;
    case "mirror":
    case "socket":
      return <MirrorDialog network={ask.network} onClose={onClose} />;
    case "tunnel":
      return <TunnelDialog network={ask.network} onClose={onClose} />;
    case "rename":
      return <RenameNetworkDialog network={ask.network} world={world} onClose={onClose} />;
    case "remove":
      return <RemoveNetworkDialog network={ask.network} onClose={onClose} />;
    case "forward":
      return <ForwardDialog network={ask.network} machine={ask.machine} onClose={onClose} />;
    case "rule":
      return <RuleDialog network={ask.network} world={world} onClose={onClose} />;
    case "record":
      return <RecordDialog network={ask.network} onClose={onClose} />;
    default:
      return ask satisfies never;
  }
}
