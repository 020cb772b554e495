// Every row of the bench, in the order in which they run and are shown.
import { apiRate } from "./api-rate.ts";
import { cliList } from "./cli-list.ts";
import { consoleLatency } from "./console-latency.ts";
import { daemonIdle } from "./daemon-idle.ts";
import type { Row } from "./framework/row.ts";
import { gatewayLossy } from "./gateway-lossy.ts";
import { gatewayNatConnections, gatewayNatDown, gatewayNatUp } from "./gateway-nat.ts";
import { scaleList } from "./scale-list.ts";
import { scaleScroll } from "./scale-scroll.ts";
import { startOverhead } from "./start-overhead.ts";
import { switch1500 } from "./switch-1500.ts";

export const rows: readonly Row[] = [
  startOverhead,
  cliList,
  scaleList,
  scaleScroll,
  daemonIdle,
  consoleLatency,
  apiRate,
  gatewayNatDown,
  gatewayNatUp,
  gatewayNatConnections,
  gatewayLossy,
  switch1500,
];
