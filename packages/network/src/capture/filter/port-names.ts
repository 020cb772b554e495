// Ports that filters know by name (RFC 6335's registry; the names and transports that /etc/services has on most systems).
import { IP_PROTOCOLS } from "./protocols.ts";

interface PortName {
  readonly port: number;
  /** Undefined: of all transports. */
  readonly protocols?: readonly number[];
}

const tcp = (port: number): PortName => ({ port, protocols: [IP_PROTOCOLS.tcp] });
const udp = (port: number): PortName => ({ port, protocols: [IP_PROTOCOLS.udp] });

export const PORT_NAMES: Readonly<Record<string, PortName>> = {
  ftp: tcp(21),
  ssh: tcp(22),
  telnet: tcp(23),
  smtp: tcp(25),
  domain: { port: 53 },
  bootps: udp(67),
  bootpc: udp(68),
  tftp: udp(69),
  http: tcp(80),
  pop3: tcp(110),
  ntp: udp(123),
  imap2: tcp(143),
  snmp: { port: 161 },
  https: { port: 443 },
  imaps: tcp(993),
};
