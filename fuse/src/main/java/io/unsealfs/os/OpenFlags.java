package io.unsealfs.os;

/** Flags of open(2); three of them differ between the architectures. */
final class OpenFlags {
  private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));

  static final int NOCTTY = 0x100;
  static final int NONBLOCK = 0x800;
  static final int DIRECT = ARM ? 0x10000 : 0x4000;
  static final int DIRECTORY = ARM ? 0x4000 : 0x10000;
  static final int NOFOLLOW = ARM ? 0x8000 : 0x20000;
  static final int CLOEXEC = 0x80000;
  static final int PATH = 0x200000;

  private OpenFlags() {}
}
