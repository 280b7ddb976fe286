package io.unsealfs.mount.jnr;

import jnr.ffi.Pointer;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import org.jspecify.annotations.Nullable;

/**
 * C signatures of libfuse 2.9's callbacks, as far as they are served. Same as jnr-fuse's own, but
 * that paths and names are pointers, see {@link NativeCallbacks}. The members are public only
 * because generated code calls them.
 */
final class NativeSignatures {
  private NativeSignatures() {}

  /** {@code int f(const char *path, void *out)}: getattr, statfs, open, release, opendir, … */
  public interface PathAndOut {
    /** Called by libfuse. */
    @Delegate
    int call(@Nullable Pointer path, Pointer out);
  }

  /** {@code int f(const char *path, char *buffer, size_t size)}: readlink, listxattr. */
  public interface PathAndBuffer {
    /** Called by libfuse. */
    @Delegate
    int call(@Nullable Pointer path, @Nullable Pointer buffer, @size_t long size);
  }

  /** getxattr. */
  public interface GetXattr {
    /** Called by libfuse. */
    @Delegate
    int call(
        @Nullable Pointer path, @Nullable Pointer name, @Nullable Pointer value, @size_t long size);
  }

  /** read. */
  public interface Read {
    /** Called by libfuse. */
    @Delegate
    int call(
        @Nullable Pointer path,
        Pointer buffer,
        @size_t long size,
        @off_t long offset,
        Pointer fileInfo);
  }

  /** readdir; the filler is a function pointer. */
  public interface ReadDir {
    /** Called by libfuse. */
    @Delegate
    int call(
        @Nullable Pointer path,
        Pointer buffer,
        Pointer filler,
        @off_t long offset,
        Pointer fileInfo);
  }

  /** init: returns the private data. */
  public interface Init {
    /** Called by libfuse. */
    @Delegate
    @Nullable Pointer call(@Nullable Pointer connection);
  }

  /** destroy. */
  public interface Destroy {
    /** Called by libfuse. */
    @Delegate
    void call(@Nullable Pointer privateData);
  }

  /** Any callback that looks at none of its arguments. */
  public interface Ignorant {
    /** Called by libfuse. */
    @Delegate
    int call(@Nullable Pointer first);
  }
}
