package io.unsealfs.storage.local;

import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.OutputFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Copies any {@link FileTree}, such as the plaintext of a volume, into a new local directory:
 * files, directories, symbolic links, FIFOs and hard links with their modes and times, as root with
 * their numeric owners, with the extended attributes {@code user.*} and POSIX ACLs. Runs of zeros
 * become holes. Sockets and devices are left out with a notice; other attributes silently.
 *
 * <p>The tree is not trusted: a name that could lead out of the target is a damage, nothing that
 * exists is followed or overwritten, and set-id bits of files, which no format authenticates, are
 * dropped unless asked for.
 */
public final class TreeExport {
  private static final int HOLE_BLOCK = 4096;
  private static final byte[] ZEROS = new byte[HOLE_BLOCK];
  private static final byte[] USER = "user.".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ACL = "system.posix_acl_".getBytes(StandardCharsets.US_ASCII);

  /**
   * How to export.
   *
   * @param parallelism threads that copy content, 1 to 256
   * @param keepSetIdBits whether set-id bits of files survive, where the owner does
   */
  public record Options(int parallelism, boolean keepSetIdBits) {
    /** One thread for each processor, set-id bits dropped. */
    public static Options defaults() {
      return new Options(Math.min(16, Runtime.getRuntime().availableProcessors()), false);
    }
  }

  private final Options options;
  private final CopyListener listener;
  private final StopSwitch stop;

  /**
   * An exporter.
   *
   * @param stop ends the export early; then nothing is left behind
   */
  public TreeExport(Options options, CopyListener listener, StopSwitch stop) {
    this.options = options;
    this.listener = listener;
    this.stop = stop;
  }

  /**
   * Writes {@code tree} to {@code target}, which must not exist or be an empty directory. It is
   * filled under a temporary name beside its place and renamed at the end.
   *
   * <p>Damaged objects are reported to the listener and left out, the rest is put in place all the
   * same: whoever sees {@code failures() > 0} has to say so (exit 26). Any other failure ends the
   * export and leaves nothing.
   *
   * @throws java.nio.file.FileAlreadyExistsException if the target exists
   * @throws io.unsealfs.storage.StorageException if the tree cannot be read or the target not
   *     written
   * @throws java.io.InterruptedIOException if it was stopped
   */
  public CopySummary export(FileTree tree, Path target) throws IOException {
    CopyOptions copyOptions =
        new CopyOptions(
            options.parallelism(),
            true,
            OutputDirectory.effectiveUser() == 0,
            options.keepSetIdBits());
    return StagedCopy.run(tree, target, true, created -> new Plain(), copyOptions, listener, stop);
  }

  /** Everything as it is. */
  private static final class Plain implements TreeEncoding {
    @Override
    public NameEncoding names(OutputDirectory created) {
      return (directory, plaintextName) -> plaintextName;
    }

    @Override
    public byte[] linkTarget(byte[] target, String path) {
      return target;
    }

    @Override
    public @Nullable StoredAttribute attribute(byte[] name, byte[] value) {
      return startsWith(name, USER) || startsWith(name, ACL)
          ? new StoredAttribute(name, value)
          : null;
    }

    @Override
    public FileEncoding file(OutputFile file, long plaintextSize) {
      return new SparseContent(file, plaintextSize);
    }

    private static boolean startsWith(byte[] name, byte[] prefix) {
      return name.length > prefix.length
          && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
    }
  }

  /** Writes what is not zero and leaves the rest as holes. */
  private record SparseContent(OutputFile file, long size) implements TreeEncoding.FileEncoding {
    @Override
    public void write(long plaintextOffset, TransferChunk chunk) throws SystemCallException {
      int runStart = 0;
      for (int at = 0; at < chunk.length(); at += HOLE_BLOCK) {
        int end = Math.min(at + HOLE_BLOCK, chunk.length());
        if (Arrays.equals(chunk.plaintext(), at, end, ZEROS, 0, end - at)) {
          flush(plaintextOffset, chunk, runStart, at);
          runStart = end;
        }
      }
      flush(plaintextOffset, chunk, runStart, chunk.length());
    }

    private void flush(long offset, TransferChunk chunk, int from, int to)
        throws SystemCallException {
      if (to > from) {
        chunk.write(file, chunk.plaintext(), from, to - from, offset + from);
      }
    }

    @Override
    public void finish() throws SystemCallException {
      file.resize(size);
    }
  }
}
