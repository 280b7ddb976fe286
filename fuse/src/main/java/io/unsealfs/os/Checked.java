package io.unsealfs.os;

/** Checks what goes into and comes out of calls that change a file system. */
final class Checked {
  private static final int NAME_MAX = 255;
  private static final int LINK_TARGET_MAX = 4095;

  private Checked() {}

  /** Throws if {@code result} is the -1 of a failed call. */
  static void call(String name, int result) throws SystemCallException {
    if (result < 0) {
      throw new SystemCallException(name, Libc.errno());
    }
  }

  /** NUL-terminated {@code name} if it is one entry of one directory, and no way out of it. */
  static byte[] entry(byte[] name) throws SystemCallException {
    if (name.length > NAME_MAX) {
      throw new SystemCallException("name check", ErrorNumber.ENAMETOOLONG);
    }
    boolean dots =
        (name.length == 1 && name[0] == '.')
            || (name.length == 2 && name[0] == '.' && name[1] == '.');
    if (name.length == 0 || dots || contains(name, '/') || contains(name, 0)) {
      throw new SystemCallException("name check", ErrorNumber.EINVAL);
    }
    return Libc.terminated(name);
  }

  /** NUL-terminated {@code target} if a symbolic link can hold it. */
  static byte[] linkTarget(byte[] target) throws SystemCallException {
    if (target.length > LINK_TARGET_MAX) {
      throw new SystemCallException("symlink", ErrorNumber.ENAMETOOLONG);
    }
    if (target.length == 0 || contains(target, 0)) {
      throw new SystemCallException("symlink", ErrorNumber.EINVAL);
    }
    return Libc.terminated(target);
  }

  /** {@code name} if an extended attribute can have it. */
  static byte[] attributeName(byte[] name) throws SystemCallException {
    if (name.length > NAME_MAX) {
      throw new SystemCallException("fsetxattr", ErrorNumber.ERANGE);
    }
    if (name.length == 0 || contains(name, 0)) {
      throw new SystemCallException("fsetxattr", ErrorNumber.EINVAL);
    }
    return name;
  }

  private static boolean contains(byte[] bytes, int wanted) {
    for (byte b : bytes) {
      if (b == wanted) {
        return true;
      }
    }
    return false;
  }
}
