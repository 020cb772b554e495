// What makes a network usable: one line per folder, dhcp, dhcpv6, dns, ndp.
export {};
