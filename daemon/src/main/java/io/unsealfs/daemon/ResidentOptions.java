package io.unsealfs.daemon;

import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.mount.resident.TouchAhead;
import io.unsealfs.os.CgroupMemory;
import io.unsealfs.os.SystemCallException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which files are decrypted into memory that the kernel reads by itself. */
final class ResidentOptions {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private static final String AUTO = "auto";

  @Option(
      names = "--resident",
      arity = "0..1",
      fallbackValue = "**",
      paramLabel = "GLOB|auto[:GLOB]",
      preprocessor = ReadingOptions.OnlyAttached.class,
      description =
          "Decrypt the files whose path matches (** without GLOB: all) as a whole when they are"
              + " opened, into memory that the kernel reads without asking; auto: if all of them fit"
              + " into half of what is free.")
  @Nullable String glob;

  @Option(
      names = "--resident-size",
      paramLabel = "SIZE|PERCENT",
      description =
          "Most memory for that, in bytes or as a share of the memory limit, such as 60%%"
              + " (default: half of what is free at the mount).")
  @Nullable String size;

  @Option(
      names = "--resident-wait",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Let who opens such a file wait until all of it is there (default: yes; else he reads"
              + " what is decrypted so far the ordinary way).")
  boolean waits = true;

  @Option(
      names = "--resident-touch",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Have the machine give memory for them while evidence and key are waited for (default:"
              + " yes).")
  boolean touches = true;

  /** What was asked for. */
  ResidentChoice choice() throws UsageException {
    return choice(
        CgroupMemory.leftBytes(),
        CgroupMemory.limitBytes().orElse(Long.MAX_VALUE),
        touches ? ResidentOptions::touch : bytes -> Optional.empty());
  }

  private static Optional<TouchAhead> touch(long bytes) {
    try {
      return Optional.of(TouchAhead.begin(bytes));
    } catch (SystemCallException e) {
      LOG.log(Level.DEBUG, "nothing touched ahead: {0}", e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * As above.
   *
   * @param leftBytes what can still be had
   * @param limitBytes what this process may use in all
   * @param touching begins to touch so much memory, or does not
   */
  ResidentChoice choice(
      long leftBytes, long limitBytes, LongFunction<Optional<TouchAhead>> touching)
      throws UsageException {
    if (glob == null) {
      if (size != null) {
        throw new UsageException("--resident-size means nothing without --resident");
      }
      return new ResidentChoice(Optional.empty(), false, touching);
    }
    boolean auto = glob.equals(AUTO) || glob.startsWith(AUTO + ":");
    String pattern =
        auto ? glob.length() > AUTO.length() ? glob.substring(AUTO.length() + 1) : "**" : glob;
    long budgetBytes = Math.min(limitBytes, budget(leftBytes, limitBytes));
    if (auto) {
      budgetBytes = Math.min(budgetBytes, leftBytes / 2);
    }
    return new ResidentChoice(
        Optional.of(new ResidentPlan(PathGlob.of("--resident", pattern), budgetBytes, waits)),
        auto,
        touching);
  }

  private long budget(long leftBytes, long limitBytes) throws UsageException {
    String text = size;
    if (text == null) {
      return leftBytes / 2;
    }
    if (text.matches("[1-9][0-9]?%")) {
      long percent = Long.parseLong(text.substring(0, text.length() - 1));
      return limitBytes / 100 * percent;
    }
    try {
      return new ByteSize.Converter().convert(text).bytes();
    } catch (TypeConversionException e) {
      throw new UsageException("--resident-size " + text + ": " + e.getMessage());
    }
  }
}
