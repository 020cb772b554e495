export { type Libc, libc, sealedBytes } from "./libc.ts";
export { connectQmp, connectWhenThere } from "./unix-socket.ts";
