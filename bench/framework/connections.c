// New TCP connections, as many as go: `connections serve PORT` accepts, says one byte and ends; `connections open ADDRESS PORT
// SECONDS LANES` opens them, reads to the end, and prints how many there were in a second. Each lane has one at a time.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int serve(int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024)) fail("listen");
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) continue;
    if (write(peer, "x", 1) < 0 && errno != EPIPE) perror("write");
    close(peer);
  }
}

static int begin(int poll, const struct sockaddr_in *to) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("socket");
  if (connect(fd, (const struct sockaddr *)to, sizeof *to) && errno != EINPROGRESS) fail("connect");
  struct epoll_event wish = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wish);
  return fd;
}

static int open_them(const char *address, int port, double seconds, int lanes) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int poll = epoll_create1(0);
  long done = 0, failed = 0;
  for (int i = 0; i < lanes; i++) begin(poll, &to);
  double began = now();
  while (now() - began < seconds) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, 64, 100);
    for (int i = 0; i < count; i++) {
      char bytes[64];
      int fd = events[i].data.fd;
      ssize_t got = read(fd, bytes, sizeof bytes);
      if (got > 0 || (got < 0 && errno == EAGAIN)) continue;
      if (got == 0) done++;
      else failed++;
      close(fd);
      begin(poll, &to);
    }
  }
  printf("%.1f %ld\n", (double)done / (now() - began), failed);
  return 0;
}

int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "serve")) return serve(atoi(words[2]));
  if (count == 6 && !strcmp(words[1], "open")) return open_them(words[2], atoi(words[3]), atof(words[4]), atoi(words[5]));
  return 2;
}
