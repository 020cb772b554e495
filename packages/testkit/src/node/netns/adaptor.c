// Plugs a Linux network stack of its own into a switch port: makes (or joins) a network namespace, makes a tap in it, and
// carries frames between the tap and a unix stream socket, each with its length in front (4 bytes, big-endian), as QEMU's
// `-netdev stream` does. For tests and benches. It ends when its standard input does, and its namespaces with it.
//
//   adaptor                                              only the namespaces
//   adaptor [-j PID] [-i IFNAME] [-m MTU] [-a MAC] (-d | -l) PATH      dial or listen; -j joins the namespaces of PID
//
// Prints “ready IFNAME MAC” on one line once it has dialled, or listens.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LARGEST_FRAME 69632
#define BATCH 65536
#define ROOM (4 * BATCH)

struct wish {
  const char *ifname, *mac, *path, *join;
  int mtu, listens;
};

static void fail(const char *what) {
  fprintf(stderr, "adaptor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void write_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY);
  if (file < 0 || write(file, text, strlen(text)) < 0) fail(path);
  close(file);
}

// Without root, a user namespace makes us root of what we make.
static void make_namespaces(void) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  char map[64];
  if (unshare(CLONE_NEWNET | CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0))) fail("a network namespace");
  if (uid) {
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", uid);
    write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %u 1", gid);
    write_file("/proc/self/gid_map", map);
  }
  // Otherwise our mounts (resolv.conf) would show outside.
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail("private mounts");
}

static void join_namespace(const char *pid, const char *kind, int flag) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, kind);
  int file = open(path, O_RDONLY);
  if (file < 0 || setns(file, flag)) fail(path);
  close(file);
}

static int open_tap(const struct wish *wish, unsigned char mac[6]) {
  struct ifreq request;
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0) fail("/dev/net/tun");
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, wish->ifname, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(tap, TUNSETIFF, &request)) fail("the tap");
  int any = socket(AF_INET, SOCK_DGRAM, 0);
  if (wish->mac) {
    unsigned part[6];
    if (sscanf(wish->mac, "%x:%x:%x:%x:%x:%x", part, part + 1, part + 2, part + 3, part + 4, part + 5) != 6) fail("the MAC address");
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    for (int i = 0; i < 6; i++) request.ifr_hwaddr.sa_data[i] = (char)part[i];
    if (ioctl(any, SIOCSIFHWADDR, &request)) fail("the MAC address");
  }
  request.ifr_mtu = wish->mtu;
  if (ioctl(any, SIOCSIFMTU, &request)) fail("the MTU");
  if (ioctl(any, SIOCGIFHWADDR, &request)) fail("the MAC address");
  memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  if (ioctl(any, SIOCGIFFLAGS, &request)) fail("the tap's flags");
  request.ifr_flags |= IFF_UP;
  if (ioctl(any, SIOCSIFFLAGS, &request)) fail("bringing the tap up");
  close(any);
  return tap;
}

static void say_ready(const struct wish *wish, const unsigned char mac[6]) {
  printf("ready %s %02x:%02x:%02x:%02x:%02x:%02x\n", wish->ifname, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  fflush(stdout);
}

static int open_wire(const struct wish *wish, const unsigned char mac[6]) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int wire = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (strlen(wish->path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail(wish->path);
  }
  strcpy(address.sun_path, wish->path);
  if (wish->listens) {
    struct pollfd look[2] = {{wire, POLLIN, 0}, {0, 0, 0}};
    unlink(wish->path);
    if (bind(wire, (struct sockaddr *)&address, sizeof address) || listen(wire, 1)) fail(wish->path);
    say_ready(wish, mac);
    poll(look, 2, -1);
    if (look[1].revents) exit(0);
    wire = accept(wire, NULL, NULL);
    if (wire < 0) fail("accepting");
  } else {
    // The other end may still be on its way up.
    for (int tries = 200; connect(wire, (struct sockaddr *)&address, sizeof address); usleep(25000)) {
      if (tries-- == 0) fail(wish->path);
    }
    say_ready(wish, mac);
  }
  fcntl(wire, F_SETFL, O_NONBLOCK);
  return wire;
}

// Every whole frame goes to the tap; answers how many bytes of a partial one are left at the front.
static size_t to_tap(int tap, uint8_t *buffer, size_t have) {
  size_t at = 0;
  while (have - at >= 4) {
    uint32_t length;
    memcpy(&length, buffer + at, 4);
    length = ntohl(length);
    if (length > LARGEST_FRAME) exit(3);
    if (have - at < 4 + length) break;
    // A tap that cannot take a frame loses it, as a network card would.
    if (length >= 14 && write(tap, buffer + at + 4, length) < 0 && errno == EBADFD) exit(1);
    at += 4 + length;
  }
  memmove(buffer, buffer + at, have - at);
  return have - at;
}

static size_t from_tap(int tap, uint8_t *buffer) {
  size_t length = 0;
  while (length < BATCH) {
    ssize_t got = read(tap, buffer + length + 4, LARGEST_FRAME);
    if (got <= 0) break;
    uint32_t prefix = htonl((uint32_t)got);
    memcpy(buffer + length, &prefix, 4);
    length += 4 + (size_t)got;
  }
  return length;
}

static void carry(int tap, int wire) {
  uint8_t *up = malloc(ROOM), *down = malloc(ROOM);
  size_t up_length = 0, up_sent = 0, down_have = 0;
  for (;;) {
    struct pollfd look[3] = {{tap, up_length ? 0 : POLLIN, 0}, {wire, POLLIN | (up_length ? POLLOUT : 0), 0}, {0, POLLIN, 0}};
    if (poll(look, 3, -1) < 0 && errno != EINTR) fail("poll");
    char ignored[64];
    if (look[2].revents && read(0, ignored, sizeof ignored) <= 0) return;
    if (look[0].revents & POLLIN) up_length = from_tap(tap, up);
    if (up_length) {
      ssize_t sent = write(wire, up + up_sent, up_length - up_sent);
      if (sent < 0 && errno != EAGAIN) return;
      if (sent > 0) up_sent += (size_t)sent;
      if (up_sent == up_length) up_length = up_sent = 0;
    }
    if (look[1].revents & (POLLIN | POLLHUP)) {
      ssize_t got = read(wire, down + down_have, ROOM - down_have);
      if (got == 0 || (got < 0 && errno != EAGAIN)) return;
      if (got > 0) down_have = to_tap(tap, down, down_have + (size_t)got);
    }
  }
}

int main(int count, char **words) {
  struct wish wish = {.ifname = "eth0", .mtu = 1500};
  int option, has_wire = 0;
  while ((option = getopt(count, words, "i:m:a:j:dl")) > 0) {
    if (option == 'i') wish.ifname = optarg;
    else if (option == 'm') wish.mtu = atoi(optarg);
    else if (option == 'a') wish.mac = optarg;
    else if (option == 'j') wish.join = optarg;
    else if (option == 'd') has_wire = 1;
    else if (option == 'l') has_wire = wish.listens = 1;
    else return 2;
  }
  if (has_wire) wish.path = words[optind];
  if (has_wire && !wish.path) return 2;
  signal(SIGPIPE, SIG_IGN);
  if (wish.join) {
    if (geteuid()) join_namespace(wish.join, "user", CLONE_NEWUSER);
    join_namespace(wish.join, "net", CLONE_NEWNET);
  } else {
    make_namespaces();
  }
  if (!has_wire) {
    char ignored[64];
    printf("ready\n");
    fflush(stdout);
    while (read(0, ignored, sizeof ignored) > 0) continue;
    return 0;
  }
  unsigned char mac[6];
  int tap = open_tap(&wish, mac);
  int wire = open_wire(&wish, mac);
  carry(tap, wire);
  return 0;
}
