package io.unsealfs.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file system that is measured.
 *
 * @param id its name in the figures
 * @param title its name for people
 * @param kind what it is
 * @param option the transport of ours; empty for others
 * @param readAheadKibibytes read-ahead to set on its mount, or 0 to leave it as it comes
 */
record Subject(String id, String title, Kind kind, String option, int readAheadKibibytes) {

  /** The kinds of file systems. */
  enum Kind {
    UNSEALFS,
    GOCRYPTFS,
    NULL,
    EXT4
  }

  static final String KERNEL = "unsealfs-kernel";
  static final String JNR = "unsealfs-jnr";
  static final String GOCRYPTFS = "gocryptfs";
  static final String GOCRYPTFS_READ_AHEAD = "gocryptfs-ra2m";
  static final String NULL = "null-c";
  static final String NULL_READ_AHEAD = "null-c-ra2m";
  static final String EXT4 = "ext4";
  static final String RESIDENT = "unsealfs-resident";
  static final String RESIDENT_NO_WAIT = "unsealfs-resident-nowait";

  /** What our own mounts are given, where sysfs lets them. */
  private static final int OUR_READ_AHEAD = 2048;

  /** All there are, in the order of tables and charts. */
  static final List<Subject> ALL =
      List.of(
          new Subject(KERNEL, "unsealfs, kernel transport", Kind.UNSEALFS, "kernel", 0),
          new Subject(JNR, "unsealfs, jnr transport", Kind.UNSEALFS, "jnr", 0),
          new Subject(GOCRYPTFS, "gocryptfs as shipped", Kind.GOCRYPTFS, "", 0),
          new Subject(
              GOCRYPTFS_READ_AHEAD,
              "gocryptfs, read-ahead 2 MiB",
              Kind.GOCRYPTFS,
              "",
              OUR_READ_AHEAD),
          new Subject(NULL, "null file system in C", Kind.NULL, "", 0),
          new Subject(
              NULL_READ_AHEAD, "null in C, read-ahead 2 MiB", Kind.NULL, "", OUR_READ_AHEAD),
          new Subject(EXT4, "ext4, not encrypted", Kind.EXT4, "", 0),
          new Subject(RESIDENT, "unsealfs, resident", Kind.UNSEALFS, "kernel", 0),
          new Subject(RESIDENT_NO_WAIT, "unsealfs, resident, no wait", Kind.UNSEALFS, "kernel", 0));

  /** Whether its large file is decrypted as a whole when it is opened. */
  boolean isResident() {
    return id.equals(RESIDENT) || id.equals(RESIDENT_NO_WAIT);
  }

  /** Whether {@code workload} tells something about it that no other subject tells. */
  boolean takesPartIn(Workload workload) {
    if (isResident()) {
      return workload.tellsOfResident() && (id.equals(RESIDENT) || workload.readsAhead());
    }
    if (workload.readsHeader() && kind == Kind.NULL) {
      return false; // all zeros, no header
    }
    if (workload.mountsAnew()) {
      return kind != Kind.EXT4 && readAheadKibibytes == 0;
    }
    return readAheadKibibytes == 0 || workload.readsAhead();
  }

  /** The command that mounts it and returns once the tree is there. */
  List<String> mountCommand(Dataset data, Path mountPoint, Path log) {
    return switch (kind) {
      case UNSEALFS -> {
        List<String> words =
            new ArrayList<>(
                List.of(
                    data.launcher().toString(),
                    "mount",
                    data.ciphertext().toString(),
                    mountPoint.toString(),
                    "--key",
                    "file:" + data.key(),
                    "--transport",
                    option,
                    "--log-file",
                    log.toString()));
        if (isResident()) {
          words.add("--resident={big,evict}");
          // room for one of the two: opening the small one drops the large one
          words.add("--resident-size=" + (data.options().sizeMebibytes() + 1) + "M");
          words.add(id.equals(RESIDENT) ? "--resident-wait" : "--no-resident-wait");
        }
        yield words;
      }
      case GOCRYPTFS ->
          List.of(
              "gocryptfs",
              "-q",
              "-ro",
              "-nosyslog",
              "-passfile",
              data.key().toString(),
              data.ciphertext().toString(),
              mountPoint.toString());
      case NULL ->
          List.of(
              data.nullFileSystem().toString(),
              Integer.toString(data.options().sizeMebibytes()),
              Integer.toString(data.options().smallFiles()),
              Integer.toString(data.options().manyFiles()),
              mountPoint.toString());
      case EXT4 ->
          List.of("mount", "-t", "ext4", "-o", "ro", data.loopDevice(), mountPoint.toString());
    };
  }
}
