// A program of 349 bytes for the guest: takes host randomness on its standard input (up to 512 bytes), credits it to
// the kernel's pool and makes the kernel reseed at once; given two numbers it sets the clock to them. Copies of a running
// machine need it: without it they all draw the same "random" numbers. Made from the assembly below, so that no compiler
// is needed anywhere.
//
//   sub rsp,528                             read(0, rsp+8, 512)          → exit 1 when nothing came
//   [rsp+4] = bytes, [rsp] = bits           struct rand_pool_info (linux/random.h)
//   open("/dev/urandom", O_RDWR)            ioctl(fd, RNDADDENTROPY 0x40085203, rsp)
//   ioctl(fd, RNDRESEEDCRNG 0x5207, 0)      fewer than two arguments → exit 0
//   [rsp] = number(argv[1]), [rsp+8] = number(argv[2])     seconds since 1970, nanoseconds
//   clock_settime(CLOCK_REALTIME, rsp)      exit 0; 2 when the clock was not set
const MACHINE_CODE =
  "TIskJEyNbCQISIHsEAIAADHAMf9IjXQkCLoAAgAADwWFwA+OigAAAIlEJATB4AOJBCS4AgAAAEiNPZoAAAC+AgAAADHSDwWFwHhnicOJx74DUghASIniuBAAAAAPBYXAeFCJ374HUgAAMdK4EAAAAA8FhcB4PEmD/AN8K0mLdQjoOQAAAEiJBCRJi3UQ6CwAAABIiUQkCLjjAAAAMf9IieYPBYXAdQQx/+sMvwIAAADrBb8BAAAAuDwAAAAPBTHAD7YOg+kwg/kJdwxIa8AKSAHISP/G6+nDL2Rldi91cmFuZG9tAA==";

const LOAD_AT = 0x400000;
const HEADERS = 64 + 56;

/** A static x86-64 program: one ELF header, one segment (System V ABI, ELF-64). */
export function reseedProgram(): Uint8Array {
  const code = Uint8Array.from(atob(MACHINE_CODE), (char) => char.charCodeAt(0));
  const out = new Uint8Array(HEADERS + code.length);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // executable
  view.setUint16(18, 62, true); // x86-64
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(LOAD_AT + HEADERS), true); // entry
  view.setBigUint64(32, 64n, true); // program headers
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true); // loaded
  view.setUint32(68, 5, true); // readable and executable
  view.setBigUint64(80, BigInt(LOAD_AT), true);
  view.setBigUint64(88, BigInt(LOAD_AT), true);
  view.setBigUint64(96, BigInt(out.length), true);
  view.setBigUint64(104, BigInt(out.length), true);
  view.setBigUint64(112, 4096n, true);
  out.set(code, HEADERS);
  return out;
}
