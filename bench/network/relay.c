// relay SOCKET…: the peer that our switch is measured against. The least that a learning switch in C does: one thread, epoll,
// a hash of addresses, one write per run of frames with the same way out. It listens at each of the paths given, one port
// each. No VLANs, no guards, no bounds: what is left is the price of moving bytes.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CAPACITY = 1 << 18, SLOTS = 4096, PORTS = 256, FLOOD = -1, NOTHING = -2 };

struct port {
  int listener, fd;
  size_t have;
  uint8_t *bytes;
};
struct entry {
  uint64_t mac;
  int port;
};
static struct port ports[PORTS];
static int count;
static struct entry table[SLOTS];

static uint64_t mac_at(const uint8_t *at) {
  uint64_t mac = 0;
  memcpy(&mac, at, 6);
  return mac;
}

static struct entry *entry_of(uint64_t mac) {
  uint32_t slot = (mac * 0x9E3779B97F4A7C15ull) >> 52;
  while (table[slot].mac && table[slot].mac != mac) slot = (slot + 1) & (SLOTS - 1);
  return &table[slot];
}

static void write_all(int fd, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t wrote = write(fd, bytes, length);
    if (wrote < 0 && errno == EAGAIN) {
      struct pollfd wait = {fd, POLLOUT, 0};
      poll(&wait, 1, 1000);
      continue;
    }
    if (wrote <= 0) return;
    bytes += wrote;
    length -= (size_t)wrote;
  }
}

static void emit(int from, int to, const uint8_t *bytes, size_t length) {
  if (length == 0 || to == NOTHING) return;
  if (to >= 0) {
    if (to != from && ports[to].fd >= 0) write_all(ports[to].fd, bytes, length);
    return;
  }
  for (int i = 0; i < count; i++)
    if (i != from && ports[i].fd >= 0) write_all(ports[i].fd, bytes, length);
}

static void took(int index) {
  struct port *port = &ports[index];
  ssize_t got = read(port->fd, port->bytes + port->have, CAPACITY - port->have);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    close(port->fd);
    port->fd = -1;
    return;
  }
  port->have += (size_t)got;
  size_t at = 0, run = 0;
  int way = NOTHING;
  while (port->have - at >= 18) {
    const uint8_t *b = port->bytes + at;
    uint32_t length = (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
    if (port->have - at < 4 + (size_t)length) break;
    struct entry *source = entry_of(mac_at(b + 10));
    source->mac = mac_at(b + 10);
    source->port = index;
    int to = FLOOD;
    if (!(b[4] & 1)) {
      struct entry *target = entry_of(mac_at(b + 4));
      if (target->mac) to = target->port;
    }
    // As the first version did it, floods go frame by frame: what is compared is our own coalescing.
    if (to != way || to == FLOOD) {
      emit(index, way, port->bytes + run, at - run);
      run = at;
      way = to;
    }
    at += 4 + length;
  }
  emit(index, way, port->bytes + run, at - run);
  memmove(port->bytes, port->bytes + at, port->have - at);
  port->have -= at;
}

int main(int argc, char **argv) {
  // A peer that is gone is no reason to die.
  signal(SIGPIPE, SIG_IGN);
  int queue = epoll_create1(0);
  for (count = 0; count + 1 < argc && count < PORTS; count++) {
    struct port *port = &ports[count];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, argv[count + 1], sizeof address.sun_path - 1);
    unlink(address.sun_path);
    port->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    port->fd = -1;
    port->bytes = malloc(CAPACITY);
    if (bind(port->listener, (void *)&address, sizeof address) || listen(port->listener, 8)) {
      perror(address.sun_path);
      return 1;
    }
    struct epoll_event wish = {EPOLLIN, {.u32 = (uint32_t)count | 0x10000}};
    epoll_ctl(queue, EPOLL_CTL_ADD, port->listener, &wish);
  }
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(queue, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      uint32_t index = events[i].data.u32 & 0xffff;
      if (!(events[i].data.u32 & 0x10000)) {
        took((int)index);
        continue;
      }
      ports[index].fd = accept4(ports[index].listener, 0, 0, SOCK_NONBLOCK);
      ports[index].have = 0;
      struct epoll_event wish = {EPOLLIN, {.u32 = index}};
      epoll_ctl(queue, EPOLL_CTL_ADD, ports[index].fd, &wish);
    }
  }
}
