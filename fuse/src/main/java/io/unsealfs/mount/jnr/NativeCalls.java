package io.unsealfs.mount.jnr;

import io.unsealfs.mount.MountException;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.types.size_t;
import org.jspecify.annotations.Nullable;

/**
 * The functions of libfuse 2.9 that run a mount. jnr-fuse binds {@code fuse_main_real} only, which
 * tells a refused mount from an ended one by nothing; here its steps are called one by one. Not
 * {@code fuse_new}: the library exports an ancient function of that name without a version, and
 * that one is what dlsym(3) finds. The members are public only because generated code calls them.
 */
final class NativeCalls {
  private NativeCalls() {}

  /** libfuse.so.2. */
  public interface Fuse {
    /**
     * Parses options, mounts, makes the file system object; null when any of it is refused.
     *
     * @param mountPoint gets the address of a copy of the mount point, which {@link #fuse_teardown}
     *     frees
     * @param multithreaded gets whether {@code -s} was not given
     */
    @Nullable Pointer fuse_setup(
        int argc,
        Pointer argv,
        Pointer operations,
        @size_t long operationsSize,
        Pointer mountPoint,
        Pointer multithreaded,
        @Nullable Pointer privateData);

    /** The session that is inside of what {@link #fuse_setup} made. */
    Pointer fuse_get_session(Pointer fuse);

    /**
     * Serves requests on the calling thread until the file system is unmounted; 0 when in order.
     * Several threads may be in it.
     */
    int fuse_session_loop(Pointer session);

    /** Closes the device, unmounts lazily if still mounted, frees everything. */
    void fuse_teardown(Pointer fuse, Pointer mountPoint);
  }

  private static final class FuseHolder {
    static final Fuse FUSE_LIBRARY =
        LibraryLoader.create(Fuse.class).failImmediately().load("libfuse.so.2");
  }

  static Fuse fuse() throws MountException {
    try {
      return FuseHolder.FUSE_LIBRARY;
    } catch (LinkageError e) {
      throw new MountException(
          "cannot mount: libfuse.so.2 cannot be loaded; install libfuse 2 (Debian: libfuse2)", e);
    }
  }
}
