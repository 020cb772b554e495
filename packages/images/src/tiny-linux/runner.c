// Made to machine code as resident.c is; runner.ts keeps that.
//
// The tiny Linux's runner: one command of the agent's, its output cut into files. What RUN_SCRIPT (packages/qemu) does with
// eight processes, each of which costs an emulated processor some ten milliseconds, this does with one of its own.
//
// Arguments and files are RUN_SCRIPT's: prefix, “in” or “none”, number of variables, NAME=VALUE…, program, arguments….
// P.o.0, P.o.1, … of 1 MiB each, at most four of them not yet emptied; P.i.0, … announced in the fifo P.ci by a line each
// (“next”, at the end “end”); P.code once the command has ended and others still hold its output open. 125 is its status
// when a file could not be made or written.
// What a command says soon, and is little, is kept instead of written. The last words are
// “mimic CODE LAST-O LAST-E KEPT-O KEPT-E LEFT”: numbers of the last files (“-” where there is none), how many bytes of each
// output follow this line, and whether files are left.
typedef unsigned long u64;
typedef long i64;
enum { READ, WRITE, OPEN, CLOSE, STAT, POLL = 7, RT_SIGACTION = 13, DUP2 = 33, SENDFILE = 40, FORK = 57, EXECVE = 59, EXIT = 60, WAIT4 = 61, FCNTL = 72, UNLINK = 87, UMASK = 95, SETSID = 112, MKNOD = 133, PIPE2 = 293, PIDFD_OPEN = 434 };
enum { O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0100, O_TRUNC = 01000, O_NONBLOCK = 04000, O_CLOEXEC = 02000000, S_IFIFO = 010000 };
enum { POLLIN = 1, POLLOUT = 4, SIGPIPE = 13, F_SETFL = 4 };
enum { ENOENT = 2, ENOEXEC = 8, EAGAIN = 11, EACCES = 13, ENOTDIR = 20, ENAMETOOLONG = 36 };
enum { PIECE = 1 << 20, WAITING = 4, NO = -1, KEPT = 1024, KEPT_READS = 8, KEPT_MS = 20, MOST_VARIABLES = 4096, MOST_PATH = 4096, MOST_PREFIX = 256 };

struct stat { u64 before[6], size, after[11]; };
struct waited { int fd; short events, seen; };
/** `kept` of `early` are not in a file yet; `reads` are left before they go there. */
struct output { char letter; int pipe, file; i64 index, bytes, kept, reads; char early[KEPT]; };

static i64 call4(i64 n, i64 a, i64 b, i64 c, i64 d) {
  i64 out;
  register i64 fourth __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(out) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return out;
}

static i64 call(i64 n, i64 a, i64 b, i64 c) {
  return call4(n, a, b, c, 0);
}

static char *put(char *at, const char *from) {
  while (*from) *at++ = *from++;
  return at;
}

static char *put_number(char *at, i64 number) {
  char digits[20];
  int count = 0;
  do digits[count++] = '0' + number % 10; while ((number /= 10) > 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

/** “P.o.3” */
static const char *name_of(char *room, const char *prefix, char letter, i64 index) {
  char *at = put(room, prefix);
  *at++ = '.';
  *at++ = letter;
  *at++ = '.';
  *put_number(at, index) = 0;
  return room;
}

static i64 create(const char *path) { return call(OPEN, (i64)path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); }

/** The one that was written four files ago is not emptied yet. */
static int must_wait(char *room, const char *prefix, const struct output *out) {
  struct stat stat;
  if (out->file != NO || out->index < WAITING) return 0;
  return call(STAT, (i64)name_of(room, prefix, out->letter, out->index - WAITING), (i64)&stat, 0) == 0 && stat.size > 0;
}

/** 0 when it could not be written. */
static int save(char *room, const char *prefix, struct output *out, const char *from, i64 length) {
  if (out->file == NO && (out->file = create(name_of(room, prefix, out->letter, out->index))) < 0) return 0;
  for (i64 at = 0; at < length;) {
    i64 wrote = call(WRITE, out->file, (i64)(from + at), length - at);
    if (wrote <= 0) return 0;
    at += wrote;
  }
  if ((out->bytes += length) >= PIECE) {
    call(CLOSE, out->file, 0, 0);
    out->file = NO;
    out->index++;
    out->bytes = 0;
  }
  return 1;
}

/** From now on everything goes into files. */
static int save_kept(char *room, const char *prefix, struct output *out) {
  i64 length = out->kept;
  out->reads = out->kept = 0;
  return length == 0 || save(room, prefix, out, out->early, length);
}

/** Reads once, and keeps it or writes it all; 0 when it could not be written. */
static int pass(char *room, const char *prefix, struct output *out, char *buffer, i64 most) {
  int keeps = out->reads > 0;
  i64 got = keeps ? call(READ, out->pipe, (i64)(out->early + out->kept), KEPT - out->kept) : call(READ, out->pipe, (i64)buffer, most);
  if (got == -EAGAIN) return 1;
  if (got <= 0) {
    call(CLOSE, out->pipe, 0, 0);
    out->pipe = NO;
    return 1;
  }
  if (!keeps) return save(room, prefix, out, buffer, got);
  out->kept += got;
  out->reads--;
  return (out->reads > 0 && out->kept < KEPT) || save_kept(room, prefix, out);
}

/** The number of the last file that there is, or “-”. */
static char *put_last(char *at, const struct output *out) {
  i64 last = out->bytes > 0 ? out->index : out->index - 1;
  if (last >= 0) return put_number(at, last);
  *at++ = '-';
  return at;
}

static int begins(const char *text, const char *with, char end) {
  while (*text == *with && *text != end) text++, with++;
  return *text == end && *with == end;
}

/** As a shell finds it: by its path, or in the folders of PATH; a file that is no program is a script. Only comes back failing. */
static i64 execute(char *room, char **words, char **variables) {
  const char *path = "/bin";
  i64 failed = -ENOENT, is_path = 0;
  for (char *at = words[0]; *at; at++) is_path |= *at == '/';
  for (char **at = variables; *at; at++)
    if (begins(*at, "PATH=", '=')) path = *at + 5;
  for (;;) {
    char *at = room, *most = room + MOST_PATH - 2;
    if (!is_path) {
      for (; *path && *path != ':'; path++)
        if (at < most) *at++ = *path;
      if (at > room) *at++ = '/';
    }
    for (const char *from = words[0]; *from && at <= most;) *at++ = *from++;
    *at = 0;
    i64 said = at > most ? -ENAMETOOLONG : call(EXECVE, (i64)room, (i64)words, (i64)variables);
    if (said == -ENOEXEC) {
      words[-1] = "/bin/sh";
      words[0] = room;
      said = call(EXECVE, (i64) "/bin/sh", (i64)(words - 1), (i64)variables);
    }
    if (failed == -ENOENT || said == -EACCES) failed = said == -ENOTDIR ? -ENOENT : said;
    if (is_path || *path == 0) return failed;
    if (*path == ':') path++;
  }
}

__attribute__((noreturn, used)) static void main(char **stack) {
  char room[MOST_PATH], buffer[16384], *variables[MOST_VARIABLES];
  i64 count = (i64)stack[0];
  char **arguments = stack + 1, **inherited = arguments + count + 1;
  const char *prefix = arguments[1];
  i64 takes_input = count > 2 && arguments[2][0] == 'i', added = 0;
  struct output outputs[2];
  int pair[2], input = NO, its_input, bell = NO, source = NO;
  i64 announced = 0, over = 0, next = 0, code = 0, failed = 0, exited = 0, told = 0;

  if (count < 5) call(EXIT, 125, 0, 0);
  for (const char *digit = arguments[3]; *digit; digit++) added = added * 10 + *digit - '0';
  char **words = arguments + 4 + added, **end = variables;
  if (added < 0 || words >= arguments + count) call(EXIT, 125, 0, 0);
  for (i64 at = 0; prefix[at]; at++)
    if (at >= MOST_PREFIX) call(EXIT, 125, 0, 0);
  for (char **at = arguments + 4; at < words && end < variables + MOST_VARIABLES - 1;) *end++ = *at++;
  for (char **own = end; *inherited && end < variables + MOST_VARIABLES - 1; inherited++) {
    int replaced = 0;
    for (char **at = variables; at < own; at++) replaced |= begins(*at, *inherited, '=');
    if (!replaced) *end++ = *inherited;
  }
  *end = 0;

  i64 mask = call(UMASK, 077, 0, 0);
  call(SETSID, 0, 0, 0);
  if (takes_input) {
    *put(put(room, prefix), ".ci") = 0;
    if (call(MKNOD, (i64)room, S_IFIFO | 0600, 0) < 0) call(EXIT, 125, 0, 0);
    bell = call(OPEN, (i64)room, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    call(PIPE2, (i64)pair, O_CLOEXEC, 0);
    its_input = pair[0];
    input = pair[1];
    call(FCNTL, input, F_SETFL, O_NONBLOCK);
  } else its_input = call(OPEN, (i64) "/dev/null", O_CLOEXEC, 0);
  int ends[2];
  for (int at = 0; at < 2; at++) {
    call(PIPE2, (i64)pair, O_CLOEXEC, 0);
    outputs[at].letter = at == 0 ? 'o' : 'e';
    outputs[at].pipe = pair[0];
    outputs[at].file = NO;
    outputs[at].reads = KEPT_READS;
    outputs[at].index = outputs[at].bytes = outputs[at].kept = 0;
    ends[at] = pair[1];
  }

  i64 child = call(FORK, 0, 0, 0);
  if (child == 0) {
    call(UMASK, mask, 0, 0);
    call(DUP2, its_input, 0, 0);
    call(DUP2, ends[0], 1, 0);
    call(DUP2, ends[1], 2, 0);
    i64 why = execute(room, words, variables);
    char *at = put(buffer, "mimic: ");
    for (const char *from = words[0]; *from && at < buffer + MOST_PATH;) *at++ = *from++;
    at = put(at, why == -ENOENT ? ": not found\n" : why == -EACCES ? ": Permission denied\n" : ": cannot be run\n");
    call(WRITE, 2, (i64)buffer, at - buffer);
    call(EXIT, why == -ENOENT ? 127 : 126, 0, 0);
  }
  call(CLOSE, its_input, 0, 0);
  for (int at = 0; at < 2; at++) call(CLOSE, ends[at], 0, 0);
  if (child < 0) call(EXIT, 125, 0, 0);
  // An input that nobody reads is no reason to end. SIG_IGN without a restorer; the command was started before.
  u64 ignored[4] = {1, 0, 0, 0};
  if (takes_input) call4(RT_SIGACTION, SIGPIPE, (i64)ignored, 0, 8);
  i64 watch = call(PIDFD_OPEN, child, 0, 0);

  while (outputs[0].pipe != NO || outputs[1].pipe != NO || !exited) {
    i64 patience = -1;
    struct waited waited[5] = {{watch, POLLIN, 0}, {NO, POLLIN, 0}, {NO, POLLIN, 0}, {bell, POLLIN, 0}, {NO, POLLOUT, 0}};
    for (int at = 0; at < 2; at++) {
      if (outputs[at].pipe == NO) continue;
      if (must_wait(room, prefix, outputs + at)) patience = 10;
      else waited[at + 1].fd = outputs[at].pipe;
      if (outputs[at].kept > 0 && patience < 0) patience = KEPT_MS;
    }
    if (input != NO && source == NO && announced > 0) {
      announced--;
      source = call(OPEN, (i64)name_of(room, prefix, 'i', next), O_CLOEXEC, 0);
    }
    if (input != NO && source == NO && over && announced == 0) {
      call(CLOSE, input, 0, 0);
      input = NO;
    }
    if (source != NO) waited[4].fd = input;
    if (exited && !told && patience < 0) patience = 10;
    i64 seen = call(POLL, (i64)waited, 5, patience);
    if (seen == 0)
      for (int at = 0; at < 2; at++) failed |= !save_kept(room, prefix, outputs + at);
    if (seen == 0 && exited && !told) {
      told = 1;
      *put(put(room, prefix), ".code") = 0;
      i64 file = create(room);
      char *at = put_number(room, code);
      *at++ = '\n';
      call(WRITE, file, (i64)room, at - room);
      call(CLOSE, file, 0, 0);
    }
    for (int at = 0; at < 2; at++)
      if (waited[at + 1].seen && !pass(room, prefix, outputs + at, buffer, sizeof buffer)) {
        failed = 1;
        call(CLOSE, outputs[at].pipe, 0, 0);
        outputs[at].pipe = NO;
      }
    if (waited[3].seen) {
      i64 got = call(READ, bell, (i64)room, sizeof room);
      // Whoever rings has it open.
      *put(put(buffer, prefix), ".ci") = 0;
      call(UNLINK, (i64)buffer, 0, 0);
      for (i64 at = 0; at < got; at++) announced += room[at] == 'x', over |= room[at] == 'd';
    }
    if (waited[4].seen) {
      i64 sent = call4(SENDFILE, input, source, 0, 65536);
      if (sent <= 0 && sent != -EAGAIN) {
        call(CLOSE, source, 0, 0);
        source = NO;
        // Only what was taken makes room for more.
        if (sent == 0) call(UNLINK, (i64)name_of(room, prefix, 'i', next++), 0, 0);
        else {
          call(CLOSE, input, 0, 0);
          input = NO;
        }
      }
    }
    if (waited[0].seen) {
      int status = 0;
      call4(WAIT4, child, (i64)&status, 0, 0);
      code = (status & 127) == 0 ? (status >> 8) & 255 : 128 + (status & 127);
      call(CLOSE, watch, 0, 0);
      watch = NO;
      exited = 1;
    }
  }
  if (told) {
    *put(put(room, prefix), ".code") = 0;
    call(UNLINK, (i64)room, 0, 0);
  }
  if (failed) call(EXIT, 125, 0, 0);
  i64 left = takes_input && (!over || announced > 0 || source != NO);
  char *at = put_number(put(room, "mimic "), code);
  for (int each = 0; each < 2; each++) {
    *at++ = ' ';
    at = put_last(at, outputs + each);
    left |= outputs[each].index > 0 || outputs[each].bytes > 0;
  }
  for (int each = 0; each < 2; each++) {
    *at++ = ' ';
    at = put_number(at, outputs[each].kept);
  }
  at = put(at, left ? " 1\n" : " 0\n");
  call(WRITE, 1, (i64)room, at - room);
  for (int each = 0; each < 2; each++)
    if (outputs[each].kept > 0) call(WRITE, 1, (i64)outputs[each].early, outputs[each].kept);
  for (;;) call(EXIT, 0, 0, 0);
}

__attribute__((naked, noreturn, section(".text._start"))) void _start(void) {
  __asm__("mov %rsp, %rdi\n and $-16, %rsp\n call main");
}
