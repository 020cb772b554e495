// A program of a few hundred bytes that is lent to guests which have none of ours: it takes host randomness on its standard input (up to 512 bytes), credits it to
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
import { staticProgram } from "./static-program.ts";

const MACHINE_CODE =
  "TIskJEyNbCQISIHsEAIAADHAMf9IjXQkCLoAAgAADwWFwA+OigAAAIlEJATB4AOJBCS4AgAAAEiNPZoAAAC+AgAAADHSDwWFwHhnicOJx74DUghASIniuBAAAAAPBYXAeFCJ374HUgAAMdK4EAAAAA8FhcB4PEmD/AN8K0mLdQjoOQAAAEiJBCRJi3UQ6CwAAABIiUQkCLjjAAAAMf9IieYPBYXAdQQx/+sMvwIAAADrBb8BAAAAuDwAAAAPBTHAD7YOg+kwg/kJdwxIa8AKSAHISP/G6+nDL2Rldi91cmFuZG9tAA==";

export const reseedProgram = (): Uint8Array => staticProgram(MACHINE_CODE);
