/*
 * One system call, or a few, on a file of a mount, and what came of it on standard output: what the
 * shell's tools cannot ask for. Built by the tests that use it.
 *
 *   probe WORD PATH [ARGUMENT…]
 *
 * An error is printed as its name, since the test compares it; only a misuse is an exit status.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void say(long result) {
  if (result >= 0)
    printf("%ld\n", result);
  else
    printf("%s\n", strerrorname_np(errno));
}

static int must_open(const char *path, int flags) {
  int fd = open(path, flags);
  if (fd < 0) {
    printf("open %s\n", strerrorname_np(errno));
    exit(0);
  }
  return fd;
}

/* open(2) with the flags given by number */
static void do_open(const char *path, int flags) { say(open(path, flags, 0600) >= 0 ? 0 : -1); }

/* pread(2) of LENGTH bytes at OFFSET, with O_DIRECT if asked for; the bytes go to standard output */
static void do_read(const char *path, off_t offset, size_t length, int direct) {
  int fd = must_open(path, O_RDONLY | (direct ? O_DIRECT : 0));
  char *buffer;
  if (posix_memalign((void **)&buffer, 4096, length + 4096)) exit(2);
  ssize_t got = pread(fd, buffer, length, offset);
  if (got < 0)
    say(-1);
  else
    fwrite(buffer, 1, got, stdout);
}

/* the whole file through mmap(2), its bytes to standard output */
static void do_mmap(const char *path, int flags) {
  int fd = must_open(path, O_RDONLY);
  struct stat st;
  if (fstat(fd, &st)) exit(2);
  char *map = mmap(NULL, st.st_size, PROT_READ, flags, fd, 0);
  if (map == MAP_FAILED) {
    say(-1);
    return;
  }
  fwrite(map, 1, st.st_size, stdout);
}

/* a private writable mapping: writing changes the copy, never the file */
static void do_mmap_write(const char *path) {
  int fd = must_open(path, O_RDONLY);
  char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char *file = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED || file == MAP_FAILED) {
    say(-1);
    return;
  }
  char before = file[7];
  map[7] = before + 1;
  printf("%s ", file[7] == before && map[7] == (char)(before + 1) ? "private" : "SHARED");
  say(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
}

/* the whole file through splice(2) or sendfile(2) and a pipe to standard output */
static void do_send(const char *path, int splicing) {
  int fd = must_open(path, O_RDONLY);
  int pipes[2];
  if (pipe(pipes)) exit(2);
  for (;;) {
    ssize_t moved = splicing ? splice(fd, NULL, pipes[1], NULL, 60000, 0)
                             : sendfile(pipes[1], fd, NULL, 60000);
    if (moved < 0) say(-1);
    if (moved <= 0) return;
    while (moved > 0) {
      char buffer[65536];
      ssize_t got = read(pipes[0], buffer, moved);
      if (got <= 0) exit(2);
      fwrite(buffer, 1, got, stdout);
      moved -= got;
    }
  }
}

/* reads a directory and checks telldir(3), seekdir(3) and rewinddir(3) against the first pass */
static void do_seek(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) exit(2);
  size_t count = 0, room = 16;
  char **names = calloc(room, sizeof *names);
  long *after = calloc(room, sizeof *after);
  struct dirent *entry;
  while (errno = 0, (entry = readdir(dir))) {
    if (count == room) {
      room *= 2;
      names = realloc(names, room * sizeof *names);
      after = realloc(after, room * sizeof *after);
    }
    names[count] = strdup(entry->d_name);
    after[count++] = telldir(dir);
  }
  if (errno) {
    say(-1);
    return;
  }
  /* back to positions all over the directory, in an order that is not that of the directory */
  for (size_t i = 0; i < 500; i++) {
    size_t at = i * 7919 % count;
    seekdir(dir, after[at]);
    entry = readdir(dir);
    if (at + 1 == count ? entry != NULL : !entry || strcmp(entry->d_name, names[at + 1])) {
      printf("after entry %zu comes %s\n", at, entry ? entry->d_name : "the end");
      return;
    }
  }
  rewinddir(dir);
  size_t again = 0;
  while ((entry = readdir(dir)))
    if (again >= count || strcmp(entry->d_name, names[again++])) {
      printf("after rewinding %s\n", entry->d_name);
      return;
    }
  printf("%zu %zu\n", count, again);
}

/* number of entries whose d_ino or d_type are not what stat(2) says, and of all entries */
static void do_numbers(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) exit(2);
  long all = 0, wrong = 0;
  struct dirent *entry;
  while ((entry = readdir(dir))) {
    struct stat st;
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    all++;
    if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || st.st_ino != entry->d_ino ||
        IFTODT(st.st_mode) != entry->d_type)
      wrong++;
  }
  printf("%ld %ld\n", wrong, all);
}

/* locks of both families: another process is kept out, and let in again */
static void do_locks(const char *path) {
  int fd = must_open(path, O_RDONLY);
  int other = must_open(path, O_RDONLY);
  say(flock(fd, LOCK_EX));
  say(flock(other, LOCK_EX | LOCK_NB));
  say(flock(fd, LOCK_UN));
  say(flock(other, LOCK_EX | LOCK_NB));
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
  say(fcntl(fd, F_SETLK, &lock));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct flock asked = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 1};
    int result = fcntl(fd, F_GETLK, &asked);
    printf("%d %s\n", result, asked.l_type == F_RDLCK ? "locked" : "free");
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

/* lseek(2) with SEEK_DATA and SEEK_HOLE from the start, the middle and past the end */
static void do_holes(const char *path) {
  int fd = must_open(path, O_RDONLY);
  struct stat st;
  if (fstat(fd, &st)) exit(2);
  say(lseek(fd, 0, SEEK_DATA));
  say(lseek(fd, st.st_size / 2, SEEK_DATA));
  say(lseek(fd, 0, SEEK_HOLE));
  say(lseek(fd, st.st_size, SEEK_DATA));
  say(lseek(fd, 0, SEEK_END));
}

/* what changes a file without a path's help, on a descriptor open for reading */
static void do_descriptor(const char *path) {
  int fd = must_open(path, O_RDONLY);
  char byte = 0;
  say(fsync(fd));
  say(fdatasync(fd));
  say(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  say(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
  say(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
  say(readahead(fd, 0, 100000));
  say(pwrite(fd, &byte, 1, 0));
  say(ftruncate(fd, 0));
  say(fchmod(fd, 0600));
  say(fchown(fd, 1, 1));
  say(futimens(fd, NULL));
  say(fsetxattr(fd, "user.probe", "x", 1, 0));
  say(fremovexattr(fd, "user.probe"));
  say(fallocate(fd, 0, 0, 1));
  say(close(fd));
}

static void do_ioctl(const char *path) {
  int fd = must_open(path, O_RDONLY);
  char space[256];
  say(ioctl(fd, TCGETS, space));
  /* no request that anybody knows */
  say(ioctl(fd, _IOR('u', 251, int), space));
}

/*
 * Maps the file and closes it, says so, waits for a line, then writes the mapping's bytes to standard output:
 * what is mapped outlives whoever served it.
 */
static void do_held(const char *path) {
  int fd = must_open(path, O_RDONLY);
  struct stat st;
  if (fstat(fd, &st)) exit(2);
  char *map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED || close(fd)) exit(2);
  volatile char sum = 0;
  for (off_t i = 0; i < st.st_size; i += 4096) sum += map[i];
  puts("mapped");
  fflush(stdout);
  getchar();
  fwrite(map, 1, st.st_size, stdout);
}

static sigjmp_buf bus;

static void on_bus(int number) {
  (void)number;
  siglongjmp(bus, 1);
}

/*
 * The same, but then says what is left: what read(2) gives, of all pages how many of the mapping
 * can still be touched, and what a new mapping and its first touch give.
 */
static void do_revoked(const char *path) {
  int fd = must_open(path, O_RDONLY);
  struct stat st;
  if (fstat(fd, &st)) exit(2);
  char *map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) exit(2);
  volatile char sum = 0;
  for (off_t i = 0; i < st.st_size; i += 4096) sum += map[i];
  puts("mapped");
  fflush(stdout);
  getchar();
  char buffer[4096];
  say(pread(fd, buffer, sizeof buffer, 0));
  signal(SIGBUS, on_bus);
  volatile long touched = 0;
  for (volatile off_t i = 0; i < st.st_size; i += 4096)
    if (!sigsetjmp(bus, 1)) {
      sum += map[i];
      touched++;
    }
  printf("%ld pages\n", touched);
  char *again = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  if (again == MAP_FAILED)
    say(-1);
  else if (sigsetjmp(bus, 1))
    puts("SIGBUS");
  else {
    sum += *again;
    puts("readable");
  }
}

/* opens the file, says the inode's number, waits for a line, then writes its bytes by read(2) */
static void do_opened(const char *path) {
  int fd = must_open(path, O_RDONLY);
  struct stat st;
  if (fstat(fd, &st)) exit(2);
  printf("%lu\n", (unsigned long)st.st_ino);
  fflush(stdout);
  getchar();
  static char buffer[1 << 16];
  for (;;) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0) say(-1);
    if (got <= 0) return;
    fwrite(buffer, 1, got, stdout);
  }
}

static void on_signal(int number) { (void)number; }

/*
 * Reads a page, with a handler for SIGUSR1 that does not restart the call: the read ends with EINTR
 * or with its bytes.
 */
static void do_interrupted(const char *path, int direct) {
  int fd = must_open(path, O_RDONLY | (direct ? O_DIRECT : 0));
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  char *buffer;
  if (posix_memalign((void **)&buffer, 4096, 4096)) exit(2);
  say(pread(fd, buffer, 4096, 0));
}

/* the pages of a mapping, touched in the order of do_shuffled; all of them to standard output */
static void do_shuffled_mapped(const char *path) {
  int fd = must_open(path, O_RDONLY);
  struct stat st;
  if (fstat(fd, &st)) exit(2);
  char *map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED || madvise(map, st.st_size, MADV_RANDOM)) exit(2);
  volatile char sum = 0;
  for (long first = 0; first < 16; first++)
    for (off_t at = first * 5 % 16 * 4096; at < st.st_size; at += 16 * 4096) sum += map[at];
  fwrite(map, 1, st.st_size, stdout);
}

/*
 * Reads pages one by one, far apart from each other, without the kernel's read-ahead: of each 16
 * that lie together the first MOST. What was read goes to standard output, in the file's order; if
 * HELD only a line, and the file stays open until it is answered.
 */
static void do_shuffled(const char *path, int most, int direct, int held) {
  int fd = must_open(path, O_RDONLY | (direct ? O_DIRECT : 0));
  posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
  struct stat st;
  if (fstat(fd, &st)) exit(2);
  long pages = (st.st_size + 4095) / 4096;
  char *all;
  if (posix_memalign((void **)&all, 4096, pages * 4096)) exit(2);
  ssize_t *got = calloc(pages, sizeof *got);
  for (long first = 0; first < 16; first++)
    for (long page = first * 5 % 16; page < pages; page += 16)
      if (page % 16 < most && (got[page] = pread(fd, all + page * 4096, 4096, page * 4096)) < 0) {
        say(-1);
        return;
      }
  if (held) {
    puts("read");
    fflush(stdout);
    getchar();
    return;
  }
  for (long page = 0; page < pages; page++) fwrite(all + page * 4096, 1, got[page], stdout);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const char *word = argv[1], *path = argv[2];
#define IS(w) (!strcmp(word, w))
  if (IS("open") && argc == 4) do_open(path, strtol(argv[3], NULL, 0));
  else if (IS("open-write")) do_open(path, O_WRONLY);
  else if (IS("open-both")) do_open(path, O_RDWR);
  else if (IS("open-truncate")) do_open(path, O_RDONLY | O_TRUNC);
  else if (IS("open-append")) do_open(path, O_WRONLY | O_APPEND);
  else if (IS("open-create")) do_open(path, O_RDONLY | O_CREAT);
  else if (IS("open-exclusive")) do_open(path, O_RDONLY | O_CREAT | O_EXCL);
  else if (IS("open-temporary")) do_open(path, O_RDWR | O_TMPFILE);
  else if (IS("open-path")) do_open(path, O_PATH);
  else if (IS("open-directory")) do_open(path, O_RDONLY | O_DIRECTORY);
  else if (IS("open-nofollow")) do_open(path, O_RDONLY | O_NOFOLLOW);
  else if (IS("read") && argc == 5) do_read(path, strtoll(argv[3], NULL, 0), strtoull(argv[4], NULL, 0), 0);
  else if (IS("direct") && argc == 5) do_read(path, strtoll(argv[3], NULL, 0), strtoull(argv[4], NULL, 0), 1);
  else if (IS("mmap-private")) do_mmap(path, MAP_PRIVATE);
  else if (IS("mmap-shared")) do_mmap(path, MAP_SHARED);
  else if (IS("mmap-write")) do_mmap_write(path);
  else if (IS("splice")) do_send(path, 1);
  else if (IS("sendfile")) do_send(path, 0);
  else if (IS("seekdir")) do_seek(path);
  else if (IS("numbers")) do_numbers(path);
  else if (IS("locks")) do_locks(path);
  else if (IS("holes")) do_holes(path);
  else if (IS("descriptor")) do_descriptor(path);
  else if (IS("ioctl")) do_ioctl(path);
  else if (IS("access-read")) say(access(path, R_OK));
  else if (IS("access-write")) say(access(path, W_OK));
  else if (IS("access-execute")) say(access(path, X_OK));
  else if (IS("access-exists")) say(access(path, F_OK));
  else if (IS("held")) do_held(path);
  else if (IS("revoked")) do_revoked(path);
  else if (IS("opened")) do_opened(path);
  else if (IS("interrupted")) do_interrupted(path, 0);
  else if (IS("interrupted-direct")) do_interrupted(path, 1);
  else if (IS("shuffled") && argc == 4) do_shuffled(path, atoi(argv[3]), 0, 0);
  else if (IS("shuffled-mapped")) do_shuffled_mapped(path);
  else if (IS("shuffled-held") && argc == 4) do_shuffled(path, atoi(argv[3]), 0, 1);
  else if (IS("shuffled-direct") && argc == 4) do_shuffled(path, atoi(argv[3]), 1, 0);
  else return 2;
  return 0;
}
