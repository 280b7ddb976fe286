package io.unsealfs.daemon;

import io.unsealfs.mount.Mount;
import io.unsealfs.mount.resident.ResidentFigures;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.mount.resident.SelectedFiles;
import io.unsealfs.mount.resident.TouchAhead;
import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Whether a mount has resident files. {@code auto} looks at the tree first: only where all selected
 * files fit does it take memory for them, so that none is evicted for another one. Says once why it
 * is on or off. Owns the memory that is touched ahead for them.
 */
final class ResidentChoice implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private final @Nullable ResidentPlan wish;
  private final boolean auto;
  private volatile String reason = "asked for";
  private volatile boolean off;
  private final LongFunction<Optional<TouchAhead>> touching;
  // guarded by this
  private Optional<TouchAhead> touched = Optional.empty();
  private boolean closed;

  /**
   * A choice.
   *
   * @param wish what was asked for; empty for nothing. Its budget is the most that {@code auto}
   *     takes
   * @param auto whether only if all of it fits
   * @param touching begins to touch so much memory, or does not
   */
  ResidentChoice(
      Optional<ResidentPlan> wish, boolean auto, LongFunction<Optional<TouchAhead>> touching) {
    this.touching = touching;
    this.wish = wish.orElse(null);
    this.auto = auto;
  }

  /** The command line is read: where that is enough to know that it is on, memory is touched. */
  void begin() {
    if (wish != null && !auto) {
      touch(wish.budgetBytes());
    }
  }

  private synchronized void touch(long bytes) {
    if (!closed) {
      touched = touching.apply(bytes);
    }
  }

  private synchronized Optional<TouchAhead> touched() {
    return touched;
  }

  /** The plan for a tree; empty for none. */
  Optional<ResidentPlan> of(FileTree tree) throws IOException {
    ResidentPlan plan = wish;
    if (plan == null) {
      return Optional.empty();
    }
    if (!auto) {
      return Optional.of(plan.withTouched(touched()));
    }
    SelectedFiles sum = SelectedFiles.of(tree, plan.selects(), plan.budgetBytes());
    String half = "the " + (plan.budgetBytes() >> 20) + " MiB that auto may take";
    if (sum.files() == 0) {
      off = true;
      reason = "auto: no file is selected and large enough to gain";
    } else {
      off = sum.end() != SelectedFiles.End.ALL;
      reason =
          switch (sum.end()) {
            case ALL ->
                "auto: "
                    + sum.files()
                    + " files of "
                    + (sum.bytes() >> 20)
                    + " MiB fit into "
                    + half;
            case TOO_MUCH -> "auto: the files selected are more than " + half;
            case TOO_MANY -> "auto: too many files to look at each; name some: resident=auto:GLOB";
          };
    }
    if (off) {
      LOG.log(Level.INFO, "resident: off: {0}; files are read the ordinary way", reason);
      return Optional.empty();
    }
    touch(sum.bytes());
    return Optional.of(plan.withTouched(touched()));
  }

  /** Says that it is on; where a transport switched it off, that has said so. */
  void begun(Mount mount) {
    if (mount.resident().isPresent()) {
      LOG.log(Level.INFO, "resident: on: {0}", reason);
      touched().ifPresent(TouchAhead::mounted);
    } else {
      close();
    }
  }

  /** One line about a mount, with figures where it is on; empty where nothing was asked for. */
  Optional<String> state(Mount mount) {
    if (wish == null) {
      return Optional.empty();
    }
    if (off) {
      return Optional.of("resident: off: " + reason);
    }
    return mount
        .resident()
        .map(ResidentFigures::text)
        .or(() -> mount.residentOff().map(why -> "resident: off: " + why));
  }

  /** Frees what was touched ahead. Idempotent. */
  @Override
  public void close() {
    Optional<TouchAhead> open;
    synchronized (this) {
      closed = true;
      open = touched;
    }
    open.ifPresent(TouchAhead::close);
  }
}
