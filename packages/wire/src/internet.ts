// IP and what it carries: one line per folder, checksum, ipv4, ipv6, icmp, udp, tcp.
export {};
