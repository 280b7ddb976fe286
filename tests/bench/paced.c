/*
 * Preloaded into a server: bounds each connection that it accepts to PACED_BYTES bytes a second, which the kernel's
 * pacing of TCP does. A server that sleeps after each piece instead takes two seconds of CPU time for a GiB, on
 * the cores that are to be measured.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifndef SO_MAX_PACING_RATE
#define SO_MAX_PACING_RATE 47
#endif

static int paced(int connection) {
  const char *bytes = getenv("PACED_BYTES");
  if (connection >= 0 && bytes) {
    unsigned int rate = strtoul(bytes, 0, 10);
    setsockopt(connection, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof rate);
  }
  return connection;
}

int accept(int listening, struct sockaddr *address, socklen_t *length) {
  int (*next)(int, struct sockaddr *, socklen_t *) = dlsym(RTLD_NEXT, "accept");
  return paced(next(listening, address, length));
}

int accept4(int listening, struct sockaddr *address, socklen_t *length, int flags) {
  int (*next)(int, struct sockaddr *, socklen_t *, int) = dlsym(RTLD_NEXT, "accept4");
  return paced(next(listening, address, length, flags));
}
