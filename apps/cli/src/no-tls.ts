// Stands in for node:https and node:tls in the bundle of the command line, which talks to its daemon over a Unix socket
// alone: the WebSocket library asks for both before anything runs, and loading them takes as long as a short command.
const unused = (): never => {
  throw new Error("the command line speaks no TLS");
};

export const request = unused;
export const get = unused;
export const connect = unused;
