package io.unsealfs.mount.jnr;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.point.FsName;
import io.unsealfs.mount.point.StaleMount;
import java.util.ArrayList;
import java.util.List;

/** The option list for libfuse. */
final class MountArguments {
  /** The tree does not change under the mount, so the kernel may keep what it knows: one day. */
  private static final int TIMEOUT_SECONDS = 86_400;

  /** Longest request of libfuse 2 in bytes. */
  private static final int MAX_READ_BYTES = 131_072;

  private MountArguments() {}

  /**
   * Requests under way that nobody waits for yet. With libfuse's 12 the kernel cuts short every
   * read-ahead of more than one and a half MiB.
   */
  private static final int MAX_BACKGROUND = 64;

  /**
   * The value of {@code -o}.
   *
   * @param autoUnmount whether fusermount shall stay behind and unmount when this process dies
   */
  static String options(MountOptions options, boolean autoUnmount) throws MountException {
    if (options.allowUids().size() > 1) {
      throw new MountException(
          "cannot mount with allow_uid of several users: transport jnr (libfuse 2) can let in one"
              + " user only, as it cannot set a POSIX ACL; give one user, or allow_other");
    }
    List<String> words =
        new ArrayList<>(
            List.of(
                "ro",
                "nodev",
                "nosuid",
                "noatime",
                "default_permissions",
                "subtype=" + StaleMount.SUBTYPE,
                "fsname=" + FsName.escaped(options.fsName()),
                "max_read=" + MAX_READ_BYTES,
                "max_background=" + MAX_BACKGROUND,
                "congestion_threshold=" + MAX_BACKGROUND,
                "kernel_cache",
                "use_ino",
                "attr_timeout=" + TIMEOUT_SECONDS,
                "entry_timeout=" + TIMEOUT_SECONDS,
                "negative_timeout=" + TIMEOUT_SECONDS));
    if (options.allowOther() || !options.allowUids().isEmpty()) {
      words.add("allow_other");
    }
    if (options.noExec()) {
      words.add("noexec");
    }
    if (autoUnmount) {
      words.add("auto_unmount");
    }
    return String.join(",", words);
  }
}
