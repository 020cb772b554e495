// The switch on real sockets.
export {};
