package io.unsealfs.os;

import java.io.Closeable;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A file system that is being made with the new mount interface and is attached to no tree. */
final class DetachedFileSystem implements Closeable {
  private static final int FSOPEN_CLOEXEC = 1;
  private static final int FSMOUNT_CLOEXEC = 1;
  private static final int SET_FLAG = 0;
  private static final int SET_STRING = 1;
  private static final int CREATE = 6;

  /** MOUNT_ATTR_NOSUID, NODEV and NOEXEC. */
  private static final int ATTRIBUTES = 2 | 4 | 8;

  private final String type;
  private final HiddenMemoryCalls calls;
  private final Descriptor context;

  private DetachedFileSystem(String type, HiddenMemoryCalls calls, Descriptor context) {
    this.type = type;
    this.calls = calls;
    this.context = context;
  }

  /**
   * Begins one.
   *
   * @throws SystemCallException ENOSYS on kernels before 5.2, EPERM without CAP_SYS_ADMIN
   */
  static DetachedFileSystem begin(String type, HiddenMemoryCalls calls) throws SystemCallException {
    return new DetachedFileSystem(
        type,
        calls,
        Descriptor.opened(
            "fsopen " + type,
            calls.syscall(HiddenMemoryCalls.SYS_FSOPEN, text(type), FSOPEN_CLOEXEC)));
  }

  /** Sets an option; EINVAL where this kernel does not know it. */
  void set(String key, String value) throws SystemCallException {
    configure(SET_STRING, key, value);
  }

  /** Sets an option without a value. */
  void set(String key) throws SystemCallException {
    configure(SET_FLAG, key, null);
  }

  /** Makes it as configured. It lives until this is closed, or what {@link #mounted} gave. */
  void create() throws SystemCallException {
    configure(CREATE, null, null);
  }

  /** Its root directory, which keeps it alive. */
  Descriptor mounted() throws SystemCallException {
    int fd = context.acquire();
    try {
      return Descriptor.opened(
          "fsmount " + type,
          calls.syscall(HiddenMemoryCalls.SYS_FSMOUNT, fd, FSMOUNT_CLOEXEC, ATTRIBUTES));
    } finally {
      context.release();
    }
  }

  private void configure(int command, @Nullable String key, @Nullable String value)
      throws SystemCallException {
    int fd = context.acquire();
    try {
      long result =
          calls.syscall(
              HiddenMemoryCalls.SYS_FSCONFIG,
              fd,
              command,
              key == null ? null : text(key),
              value == null ? null : text(value),
              0);
      Checked.call("fsconfig " + type + (key == null ? "" : " " + key), (int) result);
    } finally {
      context.release();
    }
  }

  private static byte[] text(String word) {
    return Libc.terminated(word.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() {
    context.close();
  }
}
