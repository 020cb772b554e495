// A TCP/IP endpoint of our own: it owns an address, or answers for every one.
export {};
