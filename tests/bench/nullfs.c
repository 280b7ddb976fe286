/*
 * The ceiling that a FUSE daemon in C has: libfuse 3, low-level interface, several threads with a
 * cloned descriptor each, every read answered from one prepared buffer. The tree has the shape of
 * what "client fill" makes; its content does not.
 *
 *   nullfs MIB SMALL MANY MOUNTPOINT
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIG = 2, OTHER = 3, SMALL = 4, MANY = 5, FIRST_SMALL = 100000, FIRST_MANY = 200000 };
enum { SMALL_FILE = 4096, TINY_FILE = 100, LARGEST_READ = 1 << 20 };

static int64_t big_size;
static int small_files, many_files;
static char *content;

static int attributes(fuse_ino_t node, struct stat *s) {
  memset(s, 0, sizeof *s);
  s->st_ino = node;
  s->st_mode = S_IFREG | 0644;
  s->st_nlink = 1;
  s->st_mtime = 1000000000;
  if (node == FUSE_ROOT_ID || node == SMALL || node == MANY) {
    s->st_mode = S_IFDIR | 0755;
    s->st_nlink = 2;
  } else if (node == BIG) {
    s->st_size = big_size;
  } else if (node == OTHER) {
    s->st_size = big_size / 2;
  } else if (node >= FIRST_SMALL && node < FIRST_SMALL + (fuse_ino_t)small_files) {
    s->st_size = SMALL_FILE;
  } else if (node >= FIRST_MANY && node < FIRST_MANY + (fuse_ino_t)many_files) {
    s->st_size = TINY_FILE;
  } else {
    return 0;
  }
  s->st_blocks = (s->st_size + 511) / 512;
  return 1;
}

static void on_init(void *data, struct fuse_conn_info *connection) {
  (void)data;
  (void)connection; /* libfuse asks for asynchronous reads and 1 MiB requests by itself */
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
  fuse_ino_t node = 0;
  if (parent == FUSE_ROOT_ID) {
    node = !strcmp(name, "big")     ? BIG
           : !strcmp(name, "other") ? OTHER
           : !strcmp(name, "small") ? SMALL
           : !strcmp(name, "many")  ? MANY
                                    : 0;
  } else if (name[0] == 'f') {
    node = (parent == SMALL ? FIRST_SMALL : FIRST_MANY) + strtoul(name + 1, NULL, 10);
  }
  struct fuse_entry_param entry = {.ino = node, .attr_timeout = 3600, .entry_timeout = 3600};
  if (node == 0 || !attributes(node, &entry.attr)) {
    fuse_reply_err(request, ENOENT);
  } else {
    fuse_reply_entry(request, &entry);
  }
}

static void on_getattr(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
  (void)file;
  struct stat s;
  if (attributes(node, &s)) {
    fuse_reply_attr(request, &s, 3600);
  } else {
    fuse_reply_err(request, ENOENT);
  }
}

static void on_open(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
  (void)node;
  file->keep_cache = 1;
  fuse_reply_open(request, file);
}

static void on_read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                    struct fuse_file_info *file) {
  (void)file;
  struct stat s;
  if (!attributes(node, &s)) {
    fuse_reply_err(request, EIO);
    return;
  }
  int64_t rest = s.st_size > offset ? s.st_size - offset : 0;
  size_t length = (int64_t)size < rest ? size : (size_t)rest;
  if (length > LARGEST_READ) {
    fuse_reply_err(request, EIO);
    return;
  }
  fuse_reply_buf(request, content, length);
}

/* The entry at a position of a directory; its node, or 0 after the last. */
static fuse_ino_t entry_at(fuse_ino_t directory, int64_t position, char *name, size_t room) {
  if (directory == FUSE_ROOT_ID) {
    static const char *const names[] = {"big", "other", "small", "many"};
    if (position >= 4) {
      return 0;
    }
    snprintf(name, room, "%s", names[position]);
    return BIG + (fuse_ino_t)position;
  }
  if (position >= (directory == SMALL ? small_files : many_files)) {
    return 0;
  }
  snprintf(name, room, "f%05d", (int)position);
  return (directory == SMALL ? FIRST_SMALL : FIRST_MANY) + (fuse_ino_t)position;
}

static void on_readdir(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                       struct fuse_file_info *file) {
  (void)file;
  char *reply = malloc(size);
  if (reply == NULL) {
    fuse_reply_err(request, ENOMEM);
    return;
  }
  size_t used = 0;
  char name[32];
  struct stat s;
  for (fuse_ino_t child; (child = entry_at(node, offset, name, sizeof name)) != 0; offset++) {
    attributes(child, &s);
    size_t more = fuse_add_direntry(request, reply + used, size - used, name, &s, offset + 1);
    if (more > size - used) {
      break;
    }
    used += more;
  }
  fuse_reply_buf(request, reply, used);
  free(reply);
}

static const struct fuse_lowlevel_ops operations = {
    .init = on_init,
    .lookup = on_lookup,
    .getattr = on_getattr,
    .open = on_open,
    .read = on_read,
    .readdir = on_readdir,
};

int main(int count, char **words) {
  if (count != 5) {
    fprintf(stderr, "usage: nullfs MIB SMALL MANY MOUNTPOINT\n");
    return 2;
  }
  big_size = atoll(words[1]) << 20;
  small_files = atoi(words[2]);
  many_files = atoi(words[3]);
  content = malloc(LARGEST_READ);
  if (content == NULL) {
    return 1;
  }
  memset(content, 0x5a, LARGEST_READ);
  char *options[] = {words[0], "-o", "ro,fsname=nullfs,subtype=nullfs", NULL};
  struct fuse_args arguments = FUSE_ARGS_INIT(3, options);
  struct fuse_session *session =
      fuse_session_new(&arguments, &operations, sizeof operations, NULL);
  if (session == NULL || fuse_set_signal_handlers(session) != 0 ||
      fuse_session_mount(session, words[4]) != 0) {
    return 1;
  }
  fuse_daemonize(0);
  struct fuse_loop_config *loop = fuse_loop_cfg_create();
  fuse_loop_cfg_set_clone_fd(loop, 1);
  fuse_loop_cfg_set_idle_threads(loop, 10);
  int status = fuse_session_loop_mt(session, loop);
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  return status != 0;
}
