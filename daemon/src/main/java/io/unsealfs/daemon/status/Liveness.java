package io.unsealfs.daemon.status;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Whether the served tree still answers: its root is asked for by a direct call, never through the
 * mount point. A call that hangs is asked once only, and everybody learns that it hangs.
 */
public final class Liveness {
  /** Asks the tree. */
  @FunctionalInterface
  public interface Look {
    /**
     * Returns once the tree answered.
     *
     * @throws IOException if it could not
     */
    void run() throws IOException;
  }

  private final Look look;
  private final Duration limit;
  // guarded by this
  private @Nullable CompletableFuture<Boolean> running;

  /**
   * Looks with {@code look}.
   *
   * @param limit after which a look counts as hanging
   */
  public Liveness(Look look, Duration limit) {
    this.look = look;
    this.limit = limit;
  }

  /** Whether the tree answered within the limit; an error is an answer. */
  public boolean isAlive() {
    try {
      return begun().get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private synchronized CompletableFuture<Boolean> begun() {
    CompletableFuture<Boolean> earlier = running;
    if (earlier != null && !earlier.isDone()) {
      return earlier;
    }
    CompletableFuture<Boolean> mine = new CompletableFuture<>();
    running = mine;
    Thread.ofPlatform()
        .daemon()
        .name("unsealfs-alive")
        .start(() -> {
          try {
            look.run();
            mine.complete(true);
          } catch (IOException e) {
            mine.complete(true); // damaged or gone, but it answers
          } catch (RuntimeException | Error e) {
            mine.complete(false);
          }
        });
    return mine;
  }
}
