/*
 * Reads a tree whose content is known, in all the ways programs read, until it is told to stop; the
 * soak runs several of them at once and interrupts and kills them.
 *
 *   soak-reader TREE PAGE SEED [resident]    resident: files may end early while the mount dies
 *   soak-reader ballast MIB                  holds memory until it is killed
 *
 * TREE holds directories NAME-COUNT of COUNT files ID-SIZE. Word i of file ID is
 * splitmix64(ID << 40 | i), little-endian. PAGE is a file of 4096 bytes that both sides map, so that
 * figures outlive a kill. Exit status 0 when told to stop, 1 for wrong bytes and unexpected errors
 * (the page says which), 2 for misuse.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* what both sides see; offsets are known to SoakReader.java */
struct page {
  _Atomic uint64_t operations;
  _Atomic uint64_t bytes;       /* compared */
  _Atomic uint64_t interrupted; /* calls that ended with EINTR, or short by a signal */
  _Atomic uint64_t refused;     /* errors while the mount was being taken down */
  _Atomic uint64_t calls;       /* goes up with every system call: stands still in a hang */
  _Atomic uint64_t stop;        /* set by the soak: end after this operation */
  _Atomic uint64_t tearing;     /* set by the soak: errors are fine from now on */
  _Atomic uint64_t failed;
  char doing[448];
  char failure[1024];
};

static struct page *page;
static int resident; /* files are cut off, to nothing, when their mount ends */
static uint64_t state;
static volatile sig_atomic_t signals;
static sigjmp_buf bus;

enum { BUFFER = 4 << 20 };
static unsigned char *buffer;

static uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

static uint64_t random_below(uint64_t bound) { return mix(state++) % bound; }

static void on_signal(int number) {
  (void)number;
  signals++;
}

static void on_bus(int number) {
  (void)number;
  siglongjmp(bus, 1);
}

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(page->failure, sizeof page->failure, format, arguments);
  va_end(arguments);
  atomic_store(&page->failed, 1);
  exit(1);
}

static void doing(const char *what, const char *path) {
  snprintf(page->doing, sizeof page->doing, "%s %s", what, path);
}

static void call(void) { atomic_fetch_add(&page->calls, 1); }

/* an error of a call; never returns where it must not have happened */
static void error(const char *what, int number) {
  if (number == EINTR)
    atomic_fetch_add(&page->interrupted, 1);
  else if (atomic_load(&page->tearing)) {
    atomic_fetch_add(&page->refused, 1);
    usleep(2000);
  } else
    fail("%s: %s: %s", page->doing, what, strerror(number));
}

static void compare(const unsigned char *got, uint64_t id, uint64_t offset, uint64_t length) {
  uint64_t at = 0;
  while (at < length) {
    uint64_t word = mix(id << 40 | (offset + at) / 8);
    unsigned inner = (offset + at) % 8;
    unsigned count = 8 - inner;
    if (count > length - at) count = length - at;
    if (memcmp((unsigned char *)&word + inner, got + at, count))
      fail("%s: WRONG BYTES at offset %llu (read %llu bytes from %llu)", page->doing,
           (unsigned long long)(offset + at), (unsigned long long)length,
           (unsigned long long)offset);
    at += count;
  }
  atomic_fetch_add(&page->bytes, length);
}

/* one of the files below, as the names tell it */
struct file {
  char path[256];
  uint64_t id, size;
};

static struct file *files[2]; /* large ones, small ones */
static size_t counts[2];
static char tree[200];
static char listing[256];
static uint64_t listed;

/* descriptor of the file, or -1 after an error */
static int open_file(struct file *file, int flags) {
  call();
  int fd = open(file->path, O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0) {
    error("open", errno);
    return -1;
  }
  struct stat st;
  call();
  if (fstat(fd, &st)) {
    error("fstat", errno);
    close(fd);
    return -1;
  }
  if ((uint64_t)st.st_size != file->size)
    fail("%s: size %lld", page->doing, (long long)st.st_size);
  return fd;
}

/* reads and compares; how many bytes, 0 after an error */
static uint64_t read_range(int fd, struct file *file, uint64_t offset, uint64_t length) {
  uint64_t due = offset >= file->size ? 0 : file->size - offset;
  if (due > length) due = length;
  int before = signals;
  call();
  ssize_t got = pread(fd, buffer, length, offset);
  if (got < 0) {
    error("read", errno);
    return 0;
  }
  compare(buffer, file->id, offset, got);
  if ((uint64_t)got < due) {
    /* a signal and a dying mount may cut a read short, but not to nothing */
    if (got == 0 && resident && atomic_load(&page->tearing)) {
      atomic_fetch_add(&page->refused, 1);
      return 0;
    }
    if (got == 0 || (before == signals && !atomic_load(&page->tearing)))
      fail("%s: %zd of %llu bytes at %llu", page->doing, got, (unsigned long long)due,
           (unsigned long long)offset);
    if (before != signals) atomic_fetch_add(&page->interrupted, 1);
  }
  return got;
}

static void sequential(struct file *file, int flags) {
  static const uint64_t sizes[] = {4096, 65536, 131072, 1 << 20, BUFFER};
  static const uint64_t odd_sizes[] = {4097, 70001, 131072, 1000003, BUFFER - 1};
  int pick = random_below(5);
  uint64_t step = flags ? sizes[pick] : odd_sizes[pick];
  int fd = open_file(file, flags);
  if (fd < 0) return;
  for (uint64_t at = 0; at < file->size;) {
    uint64_t got = read_range(fd, file, at, step);
    if (got == 0) break;
    at += got;
    /* direct reads stay at whole blocks, as the programs do that use them */
    if (flags && at < file->size) at -= at % 4096;
    if (flags && got < 4096 && at < file->size) break;
    if (random_below(400) == 0) break;
  }
  close(fd);
}

static void scattered(struct file *file, int flags) {
  int fd = open_file(file, flags);
  if (fd < 0) return;
  int reads = 1 + random_below(200);
  while (reads-- > 0 && file->size > 0) {
    uint64_t offset = random_below(file->size);
    uint64_t length = 1 + random_below(random_below(4) == 0 ? 300000 : 12288);
    if (flags) {
      offset -= offset % 4096;
      length += 4096 - length % 4096;
    }
    if (read_range(fd, file, offset, length) == 0) break;
  }
  close(fd);
}

static void mapped(struct file *file) {
  int fd = open_file(file, 0);
  if (fd < 0) return;
  if (file->size == 0) {
    close(fd);
    return;
  }
  call();
  unsigned char *volatile map =
      mmap(NULL, file->size, PROT_READ, random_below(2) ? MAP_SHARED : MAP_PRIVATE, fd, 0);
  close(fd);
  if (map == MAP_FAILED) {
    error("mmap", errno);
    return;
  }
  int sequentially = random_below(2);
  uint64_t start = random_below(file->size);
  if (sigsetjmp(bus, 1))
    error("page fault", EIO);
  else
    for (int i = 0; i < 100; i++) {
      uint64_t at = sequentially ? start + 65536ull * i : random_below(file->size);
      if (at >= file->size) break;
      uint64_t length = file->size - at < 65536 ? file->size - at : 65536;
      call();
      compare(map + at, file->id, at, length);
    }
  munmap(map, file->size);
}

/* through a pipe, without a copy in between */
static void piped(struct file *file, int splicing) {
  int fd = open_file(file, 0);
  if (fd < 0) return;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) fail("pipe: %s", strerror(errno));
  loff_t offset = file->size ? random_below(file->size) : 0;
  for (int i = 0; i < 40; i++) {
    uint64_t at = offset;
    call();
    ssize_t moved = splicing ? splice(fd, &offset, ends[1], NULL, 60000, 0)
                             : sendfile(ends[1], fd, &offset, 60000);
    if (moved < 0) error(splicing ? "splice" : "sendfile", errno);
    if (moved <= 0) break;
    for (ssize_t taken = 0; taken < moved;) {
      ssize_t got = read(ends[0], buffer + taken, moved - taken);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) fail("pipe: %s", strerror(errno));
      taken += got;
    }
    compare(buffer, file->id, at, moved);
  }
  close(ends[0]);
  close(ends[1]);
  close(fd);
}

static void small_files(void) {
  for (int i = 0; i < 40; i++) {
    struct file *file = &files[1][random_below(counts[1])];
    doing("small", file->path);
    int fd = open_file(file, 0);
    if (fd < 0) return;
    if (file->size > 0) {
      read_range(fd, file, 0, BUFFER);
    }
    close(fd);
  }
}

/* every name once, and what stat(2) says of some of them */
static void list(void) {
  doing("list", listing);
  call();
  DIR *dir = opendir(listing);
  if (!dir) {
    error("opendir", errno);
    return;
  }
  unsigned char *seen = calloc(1, listed);
  uint64_t count = 0;
  struct dirent *entry;
  for (;;) {
    call();
    errno = 0;
    entry = readdir(dir);
    if (!entry) break;
    if (entry->d_name[0] == '.') continue;
    unsigned long long id, size;
    if (sscanf(entry->d_name, "%llu-%llu", &id, &size) != 2 || id >= listed || seen[id]++)
      fail("%s: entry %s", page->doing, entry->d_name);
    count++;
    if (random_below(20) == 0) {
      struct stat st;
      call();
      if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
        error("stat", errno);
      else if (st.st_ino != entry->d_ino || (unsigned long long)st.st_size != size ||
               !S_ISREG(st.st_mode))
        fail("%s: stat of %s", page->doing, entry->d_name);
    }
  }
  if (errno)
    error("readdir", errno);
  else if (count != listed)
    fail("%s: %llu entries", page->doing, (unsigned long long)count);
  free(seen);
  closedir(dir);
}

/* learns what there is from the names; while the mount dies there may be nothing */
static int scan(const char *directory, int kind) {
  char path[256];
  unsigned long long expected = strtoull(strrchr(directory, '-') + 1, NULL, 10);
  snprintf(path, sizeof path, "%.150s/%.90s", tree, directory);
  doing("scan", path);
  call();
  DIR *dir = opendir(path);
  if (!dir) {
    error("opendir", errno);
    return 0;
  }
  files[kind] = calloc(expected, sizeof *files[kind]);
  size_t count = 0;
  struct dirent *entry;
  while (errno = 0, (entry = readdir(dir))) {
    unsigned long long id, size;
    if (entry->d_name[0] == '.') continue;
    if (count == expected || sscanf(entry->d_name, "%llu-%llu", &id, &size) != 2)
      fail("%s: entry %s", page->doing, entry->d_name);
    struct file *file = &files[kind][count++];
    file->id = id;
    file->size = size;
    snprintf(file->path, sizeof file->path, "%.180s/%.60s", path, entry->d_name);
  }
  int number = errno;
  closedir(dir);
  if (number) {
    error("readdir", number);
    return 0;
  }
  if (count != expected) fail("%s: %zu entries", page->doing, count);
  counts[kind] = count;
  return 1;
}

static int scan_all(void) {
  doing("scan", tree);
  call();
  DIR *dir = opendir(tree);
  if (!dir) {
    error("opendir", errno);
    return 0;
  }
  int found = 0;
  struct dirent *entry;
  while (errno = 0, (entry = readdir(dir))) {
    if (!strncmp(entry->d_name, "large-", 6)) found += scan(entry->d_name, 0);
    if (!strncmp(entry->d_name, "small-", 6)) found += scan(entry->d_name, 1);
    if (!strncmp(entry->d_name, "names-", 6)) {
      snprintf(listing, sizeof listing, "%.150s/%.90s", tree, entry->d_name);
      listed = strtoull(entry->d_name + 6, NULL, 10);
      found++;
    }
  }
  int number = errno;
  closedir(dir);
  if (number)
    error("readdir", number);
  else if (found != 3)
    /* the empty directory below a mount that is gone already, or an interrupted scan */
    error("scan", atomic_load(&page->tearing) ? ENOENT : signals ? EINTR : ENOENT);
  return found == 3;
}

/* a neighbour in the same control group */
static int ballast(size_t bytes) {
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  memset(memory, 1, bytes);
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "ballast")) return ballast(strtoull(argv[2], NULL, 10) << 20);
  if (argc != 4 && argc != 5) return 2;
  resident = argc == 5;
  snprintf(tree, sizeof tree, "%s", argv[1]);
  int fd = open(argv[2], O_RDWR | O_CLOEXEC);
  if (fd < 0) return 2;
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return 2;
  state = strtoull(argv[3], NULL, 10) << 20;
  if (posix_memalign((void **)&buffer, 4096, BUFFER + 4096)) return 2;
  struct sigaction interrupt = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &interrupt, NULL);
  struct sigaction fault = {.sa_handler = on_bus, .sa_flags = SA_NODEFER};
  sigaction(SIGBUS, &fault, NULL);

  while (!scan_all())
    if (atomic_load(&page->stop)) return 0;
  while (!atomic_load(&page->stop)) {
    struct file *file = &files[0][random_below(counts[0])];
    switch (random_below(9)) {
      case 0: doing("read", file->path); sequential(file, 0); break;
      case 1: doing("direct read", file->path); sequential(file, O_DIRECT); break;
      case 2: doing("scattered reads", file->path); scattered(file, 0); break;
      case 3: doing("scattered direct reads", file->path); scattered(file, O_DIRECT); break;
      case 4: doing("mapping", file->path); mapped(file); break;
      case 5: doing("splice", file->path); piped(file, 1); break;
      case 6: doing("sendfile", file->path); piped(file, 0); break;
      case 7: small_files(); break;
      default: list(); break;
    }
    atomic_fetch_add(&page->operations, 1);
  }
  return 0;
}
