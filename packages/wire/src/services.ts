// What makes a network usable: DHCP, DHCPv6, DNS, neighbour discovery.
export * from "./dhcp/index.ts";
export * from "./dhcpv6/index.ts";
export * from "./dns/index.ts";
export * from "./ndp/index.ts";
