// load [-s SIZE] [-b BATCH] [-d SECONDS] [-p PID]… [-f] [-v] PATH…: makes frames and counts what arrives. Ports are dialled;
// port 0 sends to port 1, 2 to 3 and so on, or (-f) port 0 sends broadcasts to all others. One thread per sending and receiving
// port. -b is the number of frames in one write: 1 is what QEMU does. -v: the paths are one vde_switch, joined once per port.
// Answers one line of JSON: what was sent and received, in which time, and the processor time of the PIDs.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PORTS = 64, MOST_PIDS = 8, LONGEST = 70000, ROOM = 1 << 20 };

static int size = 64, batch = 1, fans, is_vde, count, pids;
static double seconds = 0.5;
static pid_t pid[MOST_PIDS];
static volatile int stopped, drained;

struct port {
  int fd, index;
  struct sockaddr_un peer;
  uint64_t sent, gaps;
  volatile uint64_t received;
  pthread_t thread;
};
static struct port ports[MOST_PORTS];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double seconds_of(clockid_t clock) {
  struct timespec now = {0};
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double processor_seconds(void) {
  double sum = 0;
  for (int i = 0; i < pids; i++) {
    clockid_t clock;
    if (clock_getcpuclockid(pid[i], &clock) == 0) sum += seconds_of(clock);
  }
  return sum;
}

static void put_mac(uint8_t *at, int index) {
  const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, (uint8_t)(index + 1)};
  memcpy(at, mac, 6);
}

static void put_length(uint8_t *at, uint32_t length) {
  at[0] = (uint8_t)(length >> 24);
  at[1] = (uint8_t)(length >> 16);
  at[2] = (uint8_t)(length >> 8);
  at[3] = (uint8_t)length;
}

/** Local experimental EtherType 1, a number to see gaps by, then filling. `to` below 0 = everybody. */
static void put_frame(uint8_t *at, int from, int to, int length) {
  memset(at, 0x5a, (size_t)length);
  if (to < 0) memset(at, 0xff, 6);
  else put_mac(at, to);
  put_mac(at + 6, from);
  at[12] = 0x88;
  at[13] = 0xb5;
}

static void dial(struct port *port, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  port->fd = socket(AF_UNIX, SOCK_STREAM, 0);
  for (int tries = 0; connect(port->fd, (void *)&address, sizeof address); tries++) {
    if (tries > 200) fail(path);
    usleep(20000);
  }
}

/** vde_switch's own handshake (version 3): say over its control socket where our datagrams come from, hear where they go. */
static void join_vde(struct port *port, const char *folder) {
  struct {
    uint32_t magic, version, type;
    struct sockaddr_un from;
    char description[128];
  } __attribute__((packed)) request = {.magic = 0xfeedface, .version = 3, .type = 0};
  char path[100];
  snprintf(path, sizeof path, "%s/ctl", folder);
  int control = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  for (int tries = 0; connect(control, (void *)&address, sizeof address); tries++) {
    if (tries > 200) fail(path);
    usleep(20000);
  }
  request.from.sun_family = AF_UNIX;
  snprintf(request.from.sun_path, sizeof request.from.sun_path, "%s.load.%d.%d", folder, getpid(), port->index);
  port->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (bind(port->fd, (void *)&request.from, sizeof request.from)) fail("bind");
  if (write(control, &request, sizeof request) != sizeof request) fail("vde request");
  if (read(control, &port->peer, sizeof port->peer) <= 0) fail("vde answer");
}

static int send_datagram(struct port *port, const uint8_t *frame, int length) {
  return (int)sendto(port->fd, frame, (size_t)length, 0, (void *)&port->peer, sizeof port->peer);
}

static void send_one(struct port *port, const uint8_t *frame, int length) {
  uint8_t record[128];
  if (is_vde) {
    send_datagram(port, frame, length);
    return;
  }
  put_length(record, (uint32_t)length);
  memcpy(record + 4, frame, (size_t)length);
  if (write(port->fd, record, (size_t)length + 4) < 0) fail("write");
}

static void *send_all(void *which) {
  struct port *port = which;
  size_t unit = (size_t)size + 4, whole = unit * (size_t)batch;
  uint8_t *bytes = malloc(whole);
  for (int i = 0; i < batch; i++) {
    put_length(bytes + unit * (size_t)i, (uint32_t)size);
    put_frame(bytes + unit * (size_t)i + 4, port->index, fans ? -1 : port->index + 1, size);
  }
  uint32_t number = 0;
  while (!stopped) {
    for (int i = 0; i < batch; i++, number++) memcpy(bytes + unit * (size_t)i + 4 + 14, &number, 4);
    if (is_vde) {
      if (send_datagram(port, bytes + 4, size) > 0) port->sent++;
      continue;
    }
    for (size_t at = 0; at < whole;) {
      ssize_t wrote = write(port->fd, bytes + at, whole - at);
      if (wrote < 0) fail("write");
      at += (size_t)wrote;
    }
    port->sent += (uint64_t)batch;
  }
  return 0;
}

/** Counts frames of ours; those that only taught the switch an address are shorter. A tag may have made them longer. */
static void look(struct port *port, const uint8_t *frame, uint32_t length, uint32_t *expected) {
  if (length != (uint32_t)size && length != (uint32_t)size + 4) return;
  uint32_t number;
  memcpy(&number, frame + 14 + (length - (uint32_t)size), 4);
  if (number != *expected) port->gaps++;
  *expected = number + 1;
  port->received++;
}

static void *receive_all(void *which) {
  struct port *port = which;
  uint8_t *bytes = malloc(ROOM + LONGEST);
  size_t have = 0;
  uint32_t expected = 0;
  for (;;) {
    ssize_t got = recv(port->fd, bytes + have, is_vde ? LONGEST : ROOM - have, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
      if (drained) return 0;
      struct pollfd wait = {port->fd, POLLIN, 0};
      poll(&wait, 1, 20);
      continue;
    }
    if (got <= 0) return 0;
    if (is_vde) {
      if (got >= 18 && bytes[12] == 0x88 && bytes[13] == 0xb5) look(port, bytes, (uint32_t)got, &expected);
      continue;
    }
    have += (size_t)got;
    size_t at = 0;
    while (have - at >= 4) {
      const uint8_t *b = bytes + at;
      uint32_t length = (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
      if (length > LONGEST) fail("a frame of an impossible length");
      if (have - at < 4 + (size_t)length) break;
      look(port, b + 4, length, &expected);
      at += 4 + length;
    }
    memmove(bytes, bytes + at, have - at);
    have -= at;
  }
}

static uint64_t received(void) {
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) sum += ports[i].received;
  return sum;
}

static int sends(int index) { return fans ? index == 0 : index % 2 == 0; }

int main(int argc, char **argv) {
  for (int option; (option = getopt(argc, argv, "s:b:d:p:fv")) > 0;) {
    if (option == 's') size = atoi(optarg);
    else if (option == 'b') batch = atoi(optarg);
    else if (option == 'd') seconds = atof(optarg);
    else if (option == 'p' && pids < MOST_PIDS) pid[pids++] = (pid_t)atoi(optarg);
    else if (option == 'f') fans = 1;
    else if (option == 'v') is_vde = 1;
    else return 64;
  }
  for (; optind < argc && count < MOST_PORTS; optind++, count++) {
    ports[count].index = count;
    if (is_vde) join_vde(&ports[count], argv[optind]);
    else dial(&ports[count], argv[optind]);
  }
  usleep(200000);
  uint8_t hello[60];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < count; i++) {
      put_frame(hello, i, -1, 60);
      send_one(&ports[i], hello, size == 60 ? 59 : 60);
    }
    usleep(60000);
  }
  for (int i = 0; i < count; i++)
    if (!sends(i)) pthread_create(&ports[i].thread, 0, receive_all, &ports[i]);
  usleep(100000);
  double cpu = processor_seconds(), began = seconds_of(CLOCK_MONOTONIC);
  for (int i = 0; i < count; i++)
    if (sends(i)) pthread_create(&ports[i].thread, 0, send_all, &ports[i]);
  usleep((useconds_t)(seconds * 1e6));
  uint64_t frames = received();
  double took = seconds_of(CLOCK_MONOTONIC) - began;
  cpu = processor_seconds() - cpu;
  stopped = 1;
  // What is on its way still counts as delivered, but not as rate.
  for (uint64_t before = 0, quiet = 0; quiet < 10; usleep(20000)) {
    uint64_t now = received();
    quiet = now == before ? quiet + 1 : 0;
    before = now;
  }
  drained = 1;
  uint64_t sent = 0, gaps = 0;
  for (int i = 0; i < count; i++) {
    sent += ports[i].sent;
    gaps += ports[i].gaps;
  }
  printf("{\"framesPerSecond\":%.1f,\"cpuNsPerFrame\":%.2f,\"sent\":%lu,\"received\":%lu,\"gaps\":%lu,\"cpuShare\":%.4f}\n", (double)frames / took,
         frames ? cpu / (double)frames * 1e9 : 0.0, sent, received(), gaps, cpu / took);
  fflush(stdout);
  _exit(0);
}
