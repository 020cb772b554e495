// Every row of the bench, in the order in which they run and are shown.
import { apiRate } from "./api-rate.ts";
import { cliList } from "./cli-list.ts";
import { consoleLatency } from "./console-latency.ts";
import { daemonIdle } from "./daemon-idle.ts";
import { dhcpDnsLease, dhcpDnsName } from "./dhcp-dns.ts";
import { clonesAlive, disposableCold, disposableWarm } from "./disposables.ts";
import type { Row } from "./framework/row.ts";
import { gatewayLossy } from "./gateway-lossy.ts";
import { gatewayNatConnections, gatewayNatDown, gatewayNatUp } from "./gateway-nat.ts";
import { checkpointPause, checkpointRestore, diskSnapshot, linkedClone } from "./moments.ts";
import { nicHotplug } from "./nic-hotplug.ts";
import { scaleCanvas } from "./scale-canvas.ts";
import { scaleList } from "./scale-list.ts";
import { scaleScroll } from "./scale-scroll.ts";
import { startOverhead } from "./start-overhead.ts";
import { switch64 } from "./switch-64.ts";
import { switch1500 } from "./switch-1500.ts";
import { switchCapture } from "./switch-capture.ts";
import { switchFlood } from "./switch-flood.ts";
import { switchIdle } from "./switch-idle.ts";
import { switchJumbo } from "./switch-jumbo.ts";
import { switchPeers } from "./switch-peers.ts";
import { switchTagging } from "./switch-tagging.ts";

export const rows: readonly Row[] = [
  startOverhead,
  cliList,
  scaleList,
  scaleScroll,
  scaleCanvas,
  daemonIdle,
  consoleLatency,
  apiRate,
  nicHotplug,
  gatewayNatDown,
  gatewayNatUp,
  gatewayNatConnections,
  gatewayLossy,
  switch1500,
  switchPeers,
  switch64,
  switchJumbo,
  switchTagging,
  switchCapture,
  switchFlood,
  switchIdle,
  dhcpDnsLease,
  dhcpDnsName,
  disposableWarm,
  disposableCold,
  clonesAlive,
  checkpointPause,
  checkpointRestore,
  linkedClone,
  diskSnapshot,
];
