/*
 * The reading side of tests/bench/run: small, the same for every file system, timing itself.
 *
 *   client fill DIRECTORY MIB SMALL MANY     makes the data below DIRECTORY
 *   client mounted MOUNTPOINT COMMAND…       runs COMMAND until something is mounted and readable
 *   client sum FILE                          a checksum of the content (not timed)
 *   client touch MIB                         takes so much memory, twice, and gives it back (not timed)
 *   client seq FILE [BYTES]                  read(2), 1 MiB at a time
 *   client map FILE [THREADS]                one byte of each page of a mapping, in order; or of a share by each thread
 *   client loaders FILE PROCESSES            the same by as many processes at once; bytes of all
 *   client tensors FILE ordered|shuffled     safetensors: header by read, tensors by mmap
 *   client parallel FILE READERS             as many threads, each reading its share of the file
 *   client alternate FILE FILE               1 MiB of one, 1 MiB of the other, in turn
 *   client small DIRECTORY FILES             open, read, close of each
 *   client list DIRECTORY                    readdir(3) to the end
 *   client stat DIRECTORY FILES              stat(2) of each in a shuffled order
 *
 * Prints "NANOSECONDS COUNT CPU": how long, how many bytes or files, and the nanoseconds of CPU time
 * that the client took in all. Exit 1 with a line if
 * anything fails.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, SMALL_FILE = 4096, TINY_FILE = 100, MOUNT_SECONDS = 60 };

static _Noreturn void fail(const char *what, const char *on) {
  fprintf(stderr, "client: %s %s: %s\n", what, on, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void report(int64_t since, int64_t count) {
  int64_t took = now() - since;
  int64_t cpu = 0;
  const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
  for (int i = 0; i < 2; i++) {
    struct rusage usage;
    getrusage(whose[i], &usage);
    cpu += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000000) +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * INT64_C(1000);
  }
  printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", took, count, cpu);
}

/* A hypervisor takes back what a guest has freed some seconds ago, and giving it again costs more than
 * most of what is measured here: who is measured finds memory that was in use just now. So much in
 * huge pages and so much in small ones, at a time: the kernel takes the two from different places, and
 * who asks for huge pages does not get what was touched page by page. */
static void touch_memory(int64_t bytes) {
  const int advice[] = {MADV_HUGEPAGE, MADV_NOHUGEPAGE};
  for (int i = 0; i < 2; i++) {
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      fail("cannot take", "memory");
    }
    madvise(memory, bytes, advice[i]); /* kernels without huge pages refuse, and need none */
    memset(memory, 1, bytes);
  }
}

static void *chunk(void) {
  void *buffer;
  if (posix_memalign(&buffer, 4096, CHUNK) != 0) {
    fail("cannot allocate", "a buffer");
  }
  memset(buffer, 1, CHUNK); /* so that no page of it is touched first while the clock runs */
  return buffer;
}

static int opened(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fail("cannot open", path);
  }
  return fd;
}

static int64_t size_of(int fd, const char *path) {
  struct stat s;
  if (fstat(fd, &s) != 0) {
    fail("cannot stat", path);
  }
  return s.st_size;
}

/* splitmix64: nothing can compress it, and every run writes the same */
static uint64_t next(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static void write_file(const char *path, int64_t size, uint64_t seed, uint64_t *buffer) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    fail("cannot create", path);
  }
  for (int64_t done = 0; done < size;) {
    size_t length = size - done < CHUNK ? (size_t)(size - done) : CHUNK;
    for (size_t i = 0; i < (length + 7) / 8; i++) {
      buffer[i] = next(&seed);
    }
    if (write(fd, buffer, length) != (ssize_t)length) {
      fail("cannot write", path);
    }
    done += (int64_t)length;
  }
  if (close(fd) != 0) {
    fail("cannot close", path);
  }
}

/*
 * The first bytes of a safetensors file of SIZE bytes: the header's length, and the header, which
 * names tensors of 16-bit numbers that lie one behind the other to the end.
 */
static size_t tensors_header(char *out, size_t room, int64_t size) {
  int count = size < (64 << 20) ? 16 : 256;
  size_t length = (size_t)count * 112 + 16;
  length -= length % 8;
  if (length + 8 > room) {
    errno = EOVERFLOW;
    fail("no room for", "a header");
  }
  int64_t data = size - 8 - (int64_t)length, from = 0;
  char *at = out + 8;
  memset(at, ' ', length);
  at += sprintf(at, "{");
  for (int i = 0; i < count; i++) {
    int64_t to = i == count - 1 ? data : data / count * (i + 1) / 64 * 64;
    at += sprintf(at,
                  "%s\"layers.%d.weight\":{\"dtype\":\"U8\",\"shape\":[%" PRId64
                  "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}",
                  i == 0 ? "" : ",", i, to - from, from, to);
    from = to;
  }
  *at = '}';
  for (int i = 0; i < 8; i++) {
    out[i] = (char)(length >> (8 * i));
  }
  return length + 8;
}

static void overwrite_start(const char *path, int64_t size) {
  char header[64 << 10];
  size_t length = tensors_header(header, sizeof header, size);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || pwrite(fd, header, length, 0) != (ssize_t)length || close(fd) != 0) {
    fail("cannot write the header of", path);
  }
}

static void fill_directory(const char *parent, const char *name, int files, int size, void *buffer) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", parent, name);
  if (mkdir(path, 0755) != 0) {
    fail("cannot make", path);
  }
  for (int i = 0; i < files; i++) {
    snprintf(path, sizeof path, "%s/%s/f%05d", parent, name, i);
    write_file(path, size, (uint64_t)i, buffer);
  }
}

static void fill(const char *directory, int64_t mebibytes, int small, int many) {
  void *buffer = chunk();
  char path[4096];
  snprintf(path, sizeof path, "%s/big", directory);
  write_file(path, mebibytes << 20, 1, buffer);
  overwrite_start(path, mebibytes << 20);
  snprintf(path, sizeof path, "%s/evict", directory);
  write_file(path, 2 << 20, 3, buffer);
  snprintf(path, sizeof path, "%s/other", directory);
  write_file(path, mebibytes << 19, 2, buffer);
  fill_directory(directory, "small", small, SMALL_FILE, buffer);
  fill_directory(directory, "many", many, TINY_FILE, buffer);
}

static void sum(const char *path) {
  uint64_t *buffer = chunk();
  uint64_t value = 0;
  int64_t bytes = 0;
  int fd = opened(path);
  for (;;) {
    ssize_t length = read(fd, buffer, CHUNK);
    if (length < 0) {
      fail("cannot read", path);
    }
    if (length == 0) {
      break;
    }
    if (length < CHUNK) {
      memset((char *)buffer + length, 0, (size_t)(CHUNK - length));
    }
    for (ssize_t i = 0; i < (length + 7) / 8; i++) {
      value = (value ^ buffer[i]) * 0x100000001b3u;
      value ^= value >> 29;
    }
    bytes += length;
  }
  printf("%016" PRIx64 " %" PRId64 "\n", value, bytes);
}

/* Reads from..to of the file; how many bytes there were. */
static int64_t read_range(int fd, const char *path, int64_t from, int64_t to, void *buffer) {
  int64_t at = from;
  while (at < to) {
    ssize_t length = pread(fd, buffer, to - at < CHUNK ? (size_t)(to - at) : CHUNK, at);
    if (length < 0) {
      fail("cannot read", path);
    }
    if (length == 0) {
      break;
    }
    at += length;
  }
  return at - from;
}

static void seq(const char *path, int64_t most) {
  void *buffer = chunk();
  int64_t start = now();
  int fd = opened(path);
  int64_t bytes = 0;
  while (bytes < most) {
    ssize_t length = read(fd, buffer, most - bytes < CHUNK ? (size_t)(most - bytes) : CHUNK);
    if (length < 0) {
      fail("cannot read", path);
    }
    if (length == 0) {
      break;
    }
    bytes += length;
  }
  report(start, bytes);
}

static void map(const char *path) {
  int64_t start = now();
  int fd = opened(path);
  int64_t size = size_of(fd, path);
  const volatile char *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) {
    fail("cannot map", path);
  }
  unsigned touched = 0;
  for (int64_t i = 0; i < size; i += 4096) {
    touched += (unsigned char)bytes[i];
  }
  report(start, size);
  if (touched == UINT32_MAX) { /* so that the compiler cannot leave out the loop */
    puts("");
  }
}

/* one byte of each page from FROM to TO */
static unsigned touch(const volatile char *bytes, int64_t from, int64_t to) {
  unsigned touched = (unsigned char)bytes[from];
  for (int64_t i = from - from % 4096 + 4096; i < to; i += 4096) {
    touched += (unsigned char)bytes[i];
  }
  return touched;
}

static void loaders(const char *path, int processes) {
  int64_t start = now();
  for (int i = 0; i < processes; i++) {
    pid_t child = fork();
    if (child < 0) {
      fail("cannot fork for", path);
    }
    if (child == 0) {
      int fd = opened(path);
      int64_t size = size_of(fd, path);
      const volatile char *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
      if (bytes == MAP_FAILED) {
        fail("cannot map", path);
      }
      volatile unsigned touched = touch(bytes, 0, size);
      (void)touched;
      _exit(0);
    }
  }
  for (int i = 0; i < processes; i++) {
    int status;
    if (wait(&status) < 0 || status != 0) {
      errno = EIO;
      fail("a loader failed on", path);
    }
  }
  struct stat s;
  if (stat(path, &s) != 0) {
    fail("cannot stat", path);
  }
  report(start, s.st_size * processes);
}

static void tensors(const char *path, int shuffled) {
  static int64_t ranges[4096][2];
  int64_t start = now();
  int fd = opened(path);
  unsigned char number[8];
  if (read(fd, number, 8) != 8) {
    fail("cannot read", path);
  }
  int64_t length = 0;
  for (int i = 7; i >= 0; i--) {
    length = length << 8 | number[i];
  }
  int64_t size = size_of(fd, path);
  if (length <= 0 || length > size - 8 || length > (1 << 20)) {
    errno = EINVAL;
    fail("no safetensors file:", path);
  }
  char *header = malloc((size_t)length + 1);
  if (read(fd, header, (size_t)length) != length) {
    fail("cannot read the header of", path);
  }
  header[length] = 0;
  int count = 0;
  for (char *at = header; count < 4096 && (at = strstr(at, "data_offsets")) != NULL; at++) {
    if (sscanf(at, "data_offsets\":[%" SCNd64 ",%" SCNd64, &ranges[count][0], &ranges[count][1]) !=
        2) {
      errno = EINVAL;
      fail("bad header in", path);
    }
    count++;
  }
  if (shuffled) {
    uint64_t state = 7;
    for (int i = count - 1; i > 0; i--) {
      int j = (int)(next(&state) % (unsigned)(i + 1));
      for (int side = 0; side < 2; side++) {
        int64_t kept = ranges[i][side];
        ranges[i][side] = ranges[j][side];
        ranges[j][side] = kept;
      }
    }
  }
  const volatile char *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) {
    fail("cannot map", path);
  }
  volatile unsigned touched = 0;
  int64_t data = 8 + length, all = 0;
  for (int i = 0; i < count; i++) {
    touched += touch(bytes, data + ranges[i][0], data + ranges[i][1]);
    all += ranges[i][1] - ranges[i][0];
  }
  if (data + all != size) {
    errno = EINVAL;
    fail("not all of it is tensors:", path);
  }
  report(start, size);
}

struct share {
  const char *path;
  int64_t from, to, bytes;
  void *buffer;
};

static void *read_share(void *argument) {
  struct share *share = argument;
  int fd = opened(share->path);
  share->bytes = read_range(fd, share->path, share->from, share->to, share->buffer);
  close(fd);
  return NULL;
}

static void parallel(const char *path, int readers) {
  int fd = opened(path);
  int64_t size = size_of(fd, path);
  struct share *shares = calloc((size_t)readers, sizeof *shares);
  pthread_t *threads = calloc((size_t)readers, sizeof *threads);
  for (int i = 0; i < readers; i++) {
    shares[i].path = path;
    shares[i].from = size / readers * i;
    shares[i].to = i == readers - 1 ? size : size / readers * (i + 1);
    shares[i].buffer = chunk();
  }
  int64_t start = now();
  int64_t bytes = 0;
  for (int i = 0; i < readers; i++) {
    if ((errno = pthread_create(&threads[i], NULL, read_share, &shares[i])) != 0) {
      fail("cannot start", "a thread");
    }
  }
  for (int i = 0; i < readers; i++) {
    pthread_join(threads[i], NULL);
    bytes += shares[i].bytes;
  }
  report(start, bytes);
}

static void *touch_share(void *argument) {
  struct share *share = argument;
  volatile unsigned touched = touch(share->buffer, share->from, share->to);
  (void)touched;
  return NULL;
}

static void map_parallel(const char *path, int readers) {
  struct share *shares = calloc((size_t)readers, sizeof *shares);
  pthread_t *threads = calloc((size_t)readers, sizeof *threads);
  int64_t start = now();
  int fd = opened(path);
  int64_t size = size_of(fd, path);
  void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) {
    fail("cannot map", path);
  }
  for (int i = 0; i < readers; i++) {
    shares[i].buffer = bytes;
    shares[i].from = size / readers * i;
    shares[i].to = i == readers - 1 ? size : size / readers * (i + 1);
    if ((errno = pthread_create(&threads[i], NULL, touch_share, &shares[i])) != 0) {
      fail("cannot start", "a thread");
    }
  }
  for (int i = 0; i < readers; i++) {
    pthread_join(threads[i], NULL);
  }
  report(start, size);
}

static void alternate(const char *one, const char *two) {
  void *buffer = chunk();
  int64_t start = now();
  int fds[] = {opened(one), opened(two)};
  const char *paths[] = {one, two};
  int64_t first = size_of(fds[0], one), second = size_of(fds[1], two);
  int64_t size = first < second ? first : second;
  int64_t bytes = 0;
  for (int64_t at = 0; at < size; at += CHUNK) {
    for (int i = 0; i < 2; i++) {
      bytes += read_range(fds[i], paths[i], at, at + CHUNK < size ? at + CHUNK : size, buffer);
    }
  }
  report(start, bytes);
}

static void small_files(const char *directory, int files) {
  void *buffer = chunk();
  char path[4096];
  int64_t start = now();
  for (int i = 0; i < files; i++) {
    snprintf(path, sizeof path, "%s/f%05d", directory, i);
    int fd = opened(path);
    if (read(fd, buffer, SMALL_FILE) != SMALL_FILE) {
      fail("cannot read", path);
    }
    close(fd);
  }
  report(start, files);
}

static void list(const char *directory) {
  int64_t start = now();
  DIR *stream = opendir(directory);
  if (stream == NULL) {
    fail("cannot open", directory);
  }
  int64_t entries = 0;
  errno = 0;
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
    entries += entry->d_name[0] != '.';
  }
  if (errno != 0) {
    fail("cannot list", directory);
  }
  closedir(stream);
  report(start, entries);
}

static void stat_all(const char *directory, int files) {
  int *order = calloc((size_t)files, sizeof *order);
  uint64_t state = 3;
  for (int i = 0; i < files; i++) {
    int j = (int)(next(&state) % (unsigned)(i + 1));
    order[i] = order[j];
    order[j] = i;
  }
  char path[4096];
  struct stat s;
  int64_t start = now();
  for (int i = 0; i < files; i++) {
    snprintf(path, sizeof path, "%s/f%05d", directory, order[i]);
    if (stat(path, &s) != 0) {
      fail("cannot stat", path);
    }
    if (s.st_size != TINY_FILE) {
      errno = EINVAL;
      fail("wrong size of", path);
    }
  }
  report(start, files);
}

/* Prints "NANOSECONDS NANOSECONDS": until the tree is readable, and until COMMAND has returned. */
static void mounted(const char *mount_point, char **command) {
  struct stat before, s;
  if (stat(mount_point, &before) != 0) {
    fail("cannot stat", mount_point);
  }
  int64_t start = now();
  pid_t child = fork();
  if (child < 0) {
    fail("cannot fork for", command[0]);
  }
  if (child == 0) {
    execvp(command[0], command);
    fail("cannot run", command[0]);
  }
  int64_t readable = 0, returned = 0;
  struct timespec pause = {0, 500000};
  while (readable == 0 || returned == 0) {
    int status;
    if (returned == 0 && waitpid(child, &status, WNOHANG) == child) {
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1); /* it has said why */
      }
      returned = now() - start;
    }
    /* another device number there: the stat itself was answered by the new file system */
    if (readable == 0 && stat(mount_point, &s) == 0 && s.st_dev != before.st_dev) {
      DIR *root = opendir(mount_point);
      if (root != NULL) {
        if (readdir(root) != NULL) {
          readable = now() - start;
        }
        closedir(root);
      }
    }
    if (now() - start > (int64_t)MOUNT_SECONDS * 1000000000) {
      kill(child, 15);
      errno = ETIMEDOUT;
      fail("nothing mounted on", mount_point);
    }
    nanosleep(&pause, NULL);
  }
  printf("%" PRId64 " %" PRId64 "\n", readable, returned);
}

int main(int count, char **words) {
  const char *verb = count > 2 ? words[1] : "";
  if (!strcmp(verb, "fill") && count == 6) {
    fill(words[2], atoll(words[3]), atoi(words[4]), atoi(words[5]));
  } else if (!strcmp(verb, "mounted") && count > 3) {
    mounted(words[2], words + 3);
  } else if (!strcmp(verb, "sum")) {
    sum(words[2]);
  } else if (!strcmp(verb, "touch")) {
    touch_memory(atoll(words[2]) << 20);
  } else if (!strcmp(verb, "seq")) {
    seq(words[2], count > 3 ? atoll(words[3]) : INT64_MAX);
  } else if (!strcmp(verb, "map")) {
    if (count > 3) {
      map_parallel(words[2], atoi(words[3]));
    } else {
      map(words[2]);
    }
  } else if (!strcmp(verb, "loaders") && count == 4) {
    loaders(words[2], atoi(words[3]));
  } else if (!strcmp(verb, "tensors") && count == 4) {
    tensors(words[2], !strcmp(words[3], "shuffled"));
  } else if (!strcmp(verb, "parallel") && count == 4) {
    parallel(words[2], atoi(words[3]));
  } else if (!strcmp(verb, "alternate") && count == 4) {
    alternate(words[2], words[3]);
  } else if (!strcmp(verb, "small") && count == 4) {
    small_files(words[2], atoi(words[3]));
  } else if (!strcmp(verb, "list")) {
    list(words[2]);
  } else if (!strcmp(verb, "stat") && count == 4) {
    stat_all(words[2], atoi(words[3]));
  } else {
    fprintf(stderr, "client: not understood; see the head of client.c\n");
    return 2;
  }
  return 0;
}
