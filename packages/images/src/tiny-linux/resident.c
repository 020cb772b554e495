// Made to machine code by
//   cc -Os -std=c17 -ffreestanding -fno-builtin -nostdlib -static -fno-stack-protector -fno-asynchronous-unwind-tables
//     -fcf-protection=none -fno-pic -mno-sse -fno-tree-loop-distribute-patterns -c resident.c
//   ld -T resident.ld, objcopy -O binary, base64: resident.ts keeps that, so that no compiler is needed anywhere.
//     machine-code.test.ts holds source and machine code together.
// resident.ld: SECTIONS { . = 0x400080; .all : { *(.text._start) *(.text*) *(.rodata*) } }
//
// The tiny Linux's resident helper: it waits in a read of one pipe, so that a copy of a running machine becomes somebody of
// its own without starting a program (in a QEMU that has translated nothing yet that costs a tenth of a second).
//
// ask   64 bytes of randomness, seconds and nanoseconds since 1970 (8 bytes each, little end first), then either
//       nothing more, or 32 letters of a machine id and a name of 1 to 63 letters
// done  32 letters, filled up with spaces, so that the agent reads them in one go: a word for each thing that was done
//       (random time name id), and ssh where host keys are left to make
typedef unsigned long u64;
enum { READ, WRITE, OPEN, CLOSE, IOCTL = 16, ACCESS = 21, NANOSLEEP = 35, EXIT = 60, UNAME = 63, MKDIR = 83, UMASK = 95, MKNOD = 133, SETHOSTNAME = 170, CLOCK_SETTIME = 227 };
enum { O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0100, O_TRUNC = 01000, S_IFIFO = 010000 };
enum { RANDOM = 64, TIME = RANDOM, ID = TIME + 16, NAME = ID + 32, MOST = NAME + 63 };

static long call(long n, long a, long b, long c) {
  long out;
  __asm__ volatile("syscall" : "=a"(out) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return out;
}

static char *put(char *at, const char *from, long length) {
  while (length-- > 0) *at++ = *from++;
  return at;
}

static int replace(const char *path, const char *text, long length) {
  long fd = call(OPEN, (long)path, O_WRONLY | O_TRUNC, 0);
  if (fd < 0) return 0;
  long wrote = call(WRITE, fd, (long)text, length);
  call(CLOSE, fd, 0, 0);
  return wrote == length;
}

static const char HOSTS[] = "127.0.0.1 localhost ";

/** Only the line that the start wrote, which is the first one; what a person wrote there stays. */
static void rename_in_hosts(const char *old, const char *name, long length) {
  char known[4096], text[sizeof known + 64];
  long fd = call(OPEN, (long)"/etc/hosts", 0, 0);
  if (fd < 0) return;
  long got = call(READ, fd, (long)known, sizeof known);
  call(CLOSE, fd, 0, 0);
  if (got == sizeof known) return;
  long at = 0;
  for (; HOSTS[at]; at++)
    if (at >= got || known[at] != HOSTS[at]) return;
  for (long i = 0; old[i]; i++, at++)
    if (at >= got || known[at] != old[i]) return;
  if (at >= got || known[at] != '\n') return;
  char *end = put(put(put(text, HOSTS, sizeof HOSTS - 1), name, length), known + at, got - at);
  replace("/etc/hosts", text, end - text);
}

__attribute__((section(".text._start"), noreturn)) void _start(void) {
  struct { int bits, bytes; char random[RANDOM]; } pool;
  char ask[MOST + 1], name[MOST], old[6 * 65], words[32];
  call(UMASK, 077, 0, 0);
  call(MKDIR, (long)"/run/identity", 0700, 0);
  call(MKNOD, (long)"/run/identity/ask", S_IFIFO | 0600, 0);
  call(MKNOD, (long)"/run/identity/done", S_IFIFO | 0600, 0);
  long questions = call(OPEN, (long)"/run/identity/ask", O_RDWR, 0);
  if (questions < 0) {
    u64 second[2] = {1, 0};
    call(NANOSLEEP, (long)second, 0, 0);
    call(EXIT, 1, 0, 0);
  }
  for (;;) {
    long got = call(READ, questions, (long)ask, sizeof ask);
    char *end = words;
    if (got < ID) continue;
    long urandom = call(OPEN, (long)"/dev/urandom", O_RDWR, 0);
    pool.bits = 8 * RANDOM;
    pool.bytes = RANDOM;
    put(pool.random, ask, RANDOM);
    if (call(IOCTL, urandom, 0x40085203, (long)&pool) == 0 && call(IOCTL, urandom, 0x5207, 0) == 0) end = put(end, "random ", 7);
    call(CLOSE, urandom, 0, 0);
    if (call(CLOCK_SETTIME, 0, (long)(ask + TIME), 0) == 0) end = put(end, "time ", 5);
    long length = got - NAME;
    if (length > 0 && got <= MOST) {
      call(UNAME, (long)old, 0, 0);
      if (call(SETHOSTNAME, (long)(ask + NAME), length, 0) == 0) end = put(end, "name ", 5);
      put(put(name, ask + NAME, length), "\n", 1);
      replace("/etc/hostname", name, length + 1);
      rename_in_hosts(old + 65, ask + NAME, length);
      put(put(name, ask + ID, 32), "\n", 1);
      if (replace("/etc/machine-id", name, 33)) end = put(end, "id ", 3);
      if (call(ACCESS, (long)"/etc/ssh", 0, 0) == 0) end = put(end, "ssh ", 4);
    }
    while (end < words + sizeof words) *end++ = ' ';
    long answers = call(OPEN, (long)"/run/identity/done", O_WRONLY, 0);
    call(WRITE, answers, (long)words, end - words);
    call(CLOSE, answers, 0, 0);
  }
}
