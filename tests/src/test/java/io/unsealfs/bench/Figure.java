package io.unsealfs.bench;

import java.util.Locale;

/** A number that a workload gives for a subject. */
enum Figure {
  SEQUENTIAL_READ("sequential read, 1 MiB, cold", "MiB/s", true),
  SEQUENTIAL_CPU("daemon CPU, sequential read", "s/GiB", false),
  MAPPED_TOUCH("mmap touch, cold", "MiB/s", true),
  TOTAL_CPU("CPU of reader and daemon, sequential read", "s/GiB", false),
  LOADERS("4 loaders at once, mmap, cold", "MiB/s", true),
  TENSORS_ORDERED("safetensors load in file order, cold", "MiB/s", true),
  TENSORS_SHUFFLED("safetensors load in random order, cold", "MiB/s", true),
  FIRST_128("first 128 MiB after mount", "MiB/s", true),
  RANDOM_4K_1("random 4 KiB, 1 job", "IOPS", true),
  RANDOM_4K_4("random 4 KiB, 4 jobs", "IOPS", true),
  RANDOM_64K_1("random 64 KiB, 1 job", "IOPS", true),
  RANDOM_64K_4("random 64 KiB, 4 jobs", "IOPS", true),
  SMALL_FILES("files of 4 KiB", "files/s", true),
  LIST("readdir", "entries/s", true),
  STAT("stat storm", "stats/s", true),
  PARALLEL_READ("16 readers of one file, cold", "MiB/s", true),
  ALTERNATE_READ("two files alternating, cold", "MiB/s", true),
  REREAD("re-read, page cache warm", "MiB/s", true),
  REREAD_DROPPED("re-read of 128 MiB, dropped", "MiB/s", true),
  MOUNT_READABLE("exec to readable mount", "ms", false),
  MOUNT_RETURNED("exec to return of mount", "ms", false),
  RSS_AFTER("RSS after reading", "MiB", false),
  RSS_PEAK("peak RSS", "MiB", false),
  CACHE("configured cache", "MiB", false),
  RSS_ABOVE_CACHE("RSS above the cache", "MiB", false);

  private final String title;
  private final String unit;
  private final boolean moreIsBetter;

  Figure(String title, String unit, boolean moreIsBetter) {
    this.title = title;
    this.unit = unit;
    this.moreIsBetter = moreIsBetter;
  }

  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String title() {
    return title;
  }

  String unit() {
    return unit;
  }

  boolean moreIsBetter() {
    return moreIsBetter;
  }

  /** A value with as many digits as mean something. */
  String format(double value) {
    return value >= 20
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.3g", value);
  }
}
