export { connectQmp, connectWhenThere } from "./unix-socket.ts";
