package io.unsealfs.daemon;

import io.unsealfs.mount.MountOptions;
import java.util.Map;
import java.util.Stack;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** How a mounted volume is read: the memory it may take, and the work done ahead of the reader. */
final class ReadingOptions {
  private static final int MOST_THREADS = 64;
  private static final int DEFAULT_PREFETCH_BYTES = 2 << 20;

  @Option(
      names = "--cache",
      paramLabel = "SIZE",
      description =
          "Most memory for decrypted blocks (default: the least of 256M, an eighth of the memory"
              + " limit and a quarter of the heap).")
  @Nullable ByteSize cache;

  @Option(
      names = "--prefetch",
      paramLabel = "SIZE",
      description =
          "How far to decrypt ahead of a sequential reader; 0 for not at all (default: 2M). Of a"
              + " bucket: most memory for what is fetched (default: 512M, or less where memory is"
              + " short).")
  @Nullable ByteSize prefetch;

  @Option(
      names = "--drop-behind",
      negatable = true,
      description =
          "Let ciphertext out of the page cache behind a reader in sequence, so that memory does"
              + " not hold every byte twice (default: no).")
  boolean dropBehind;

  @Option(
      names = "--read-ahead",
      paramLabel = "SIZE",
      description =
          "What the kernel is asked to read ahead, where sysfs may be written; 0 leaves the"
              + " kernel's default (default: 2M).")
  ByteSize readAhead = new ByteSize(MountOptions.DEFAULT_READ_AHEAD_BYTES);

  @Option(
      names = "--preload",
      arity = "0..1",
      fallbackValue = "**",
      paramLabel = "GLOB",
      preprocessor = OnlyAttached.class,
      description =
          "Decrypt the files whose path matches (** without GLOB: all) in the background, as far"
              + " as the cache has room.")
  @Nullable String preload;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that answer the kernel; 0 for what suits this machine (default: 0).")
  int threads;

  /** Which files to decrypt ahead; null for none. */
  @Nullable Predicate<String> preloadFilter() throws UsageException {
    return preload == null ? null : PathGlob.of("--preload", preload);
  }

  /** How far to decrypt ahead of a reader. */
  int prefetchBytes() throws UsageException {
    return prefetch == null ? DEFAULT_PREFETCH_BYTES : bounded("--prefetch", prefetch, 1L << 30);
  }

  int readAheadBytes() throws UsageException {
    return bounded("--read-ahead", readAhead, 1L << 30);
  }

  int workers() throws UsageException {
    if (threads < 0 || threads > MOST_THREADS) {
      throw new UsageException("--threads " + threads + ": give 1 to " + MOST_THREADS + ", or 0");
    }
    return threads;
  }

  private static int bounded(String option, ByteSize size, long most) throws UsageException {
    if (size.bytes() > most) {
      throw new UsageException(option + " " + size + ": the most is " + new ByteSize(most));
    }
    return (int) size.bytes();
  }

  /** An optional value stands behind an equals sign; a word of its own is something else. */
  static final class OnlyAttached implements CommandLine.IParameterPreprocessor {
    @Override
    // picocli's interface has it
    @SuppressWarnings("JdkObsolete")
    public boolean preprocess(
        Stack<String> arguments, CommandSpec command, ArgSpec option, Map<String, Object> info) {
      if (" ".equals(info.get("separator"))) {
        arguments.push(option instanceof CommandLine.Model.OptionSpec o ? o.fallbackValue() : "");
      }
      return false;
    }
  }
}
