package io.unsealfs.fuzz;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Feeds one target until its time is over. Input n of a seed is the same in every run. */
final class Fuzzer {
  /** An input that takes this long hangs; even a loaded machine needs milliseconds. */
  private static final long HANG_SECONDS = 60;

  private static final int HEX_SHOWN = 4096;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** However slow the machine is: fewer would say nothing about a target. */
  private static final long LEAST_INPUTS = 200;

  private final FuzzTarget target;
  private final long seed;
  private final AtomicLong iteration = new AtomicLong();
  private long refused;
  private long accepted;

  Fuzzer(FuzzTarget target, long seed) {
    this.target = target;
    this.seed = seed;
  }

  /**
   * What a run went through.
   *
   * @param inputs inputs fed
   * @param refused those that ended in a typed exception
   * @param accepted those that did not, the corpus among them
   */
  record Summary(long inputs, long refused, long accepted) {}

  /** Feeds the corpus unchanged, then mutations of it. */
  Summary run(Duration time) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    Thread.Builder.OfPlatform builder = Thread.ofPlatform().daemon().name("fuzz " + target.name());
    Throwable[] failure = new Throwable[1];
    Thread worker =
        builder.start(() -> {
          try {
            loop(System.nanoTime() + time.toNanos());
          } catch (Throwable e) {
            failure[0] = e;
          } finally {
            done.countDown();
          }
        });
    long before = -1;
    while (!done.await(HANG_SECONDS, TimeUnit.SECONDS)) {
      long now = iteration.get();
      if (now == before) {
        AssertionError hang = new AssertionError(place(now) + ": hangs");
        hang.setStackTrace(worker.getStackTrace());
        throw hang;
      }
      before = now;
    }
    if (failure[0] != null) {
      throw new AssertionError(failure[0].getMessage(), failure[0]);
    }
    return new Summary(iteration.get(), refused, accepted);
  }

  private void loop(long deadline) {
    warmUp();
    for (byte[] valid : target.corpus()) {
      feed(-1, valid);
    }
    while (iteration.get() < LEAST_INPUTS || System.nanoTime() - deadline < 0) {
      one(iteration.get());
      iteration.incrementAndGet();
    }
  }

  /** What the first use of a class allocates is not the input's doing. */
  private void warmUp() {
    for (byte[] valid : target.corpus()) {
      try {
        target.feed(valid);
      } catch (IOException e) {
        if (Boolean.getBoolean("unsealfs.fuzz.show")) {
          System.err.println(target.name() + ": corpus refused: " + e);
        }
      }
    }
  }

  /** Feeds input {@code n} of the seed. */
  void one(long n) {
    feed(n, input(n));
  }

  private byte[] input(long n) {
    SplittableRandom random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + n);
    return new Mutator(random, target.corpus(), target.words()).next();
  }

  private void feed(long n, byte[] input) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      target.feed(input);
      accepted++;
    } catch (IOException e) {
      refused++;
      requireOneLine(n, input, e);
    } catch (Throwable e) {
      throw new AssertionError(place(n) + shown(input), e);
    }
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    if (allocated > target.allocationLimit() + 64L * input.length) {
      throw new AssertionError(place(n) + " allocates " + allocated + " bytes" + shown(input));
    }
  }

  /** A message goes to a terminal and to logs: one line, of bounded length. */
  private void requireOneLine(long n, byte[] input, IOException e) {
    String message = e.getMessage();
    if (message == null
        || message.isBlank()
        || message.length() > 1000
        || message.chars().anyMatch(Character::isISOControl)) {
      throw new AssertionError(place(n) + ": bad message: " + message + shown(input), e);
    }
  }

  private String place(long n) {
    return "target " + target.name() + ", seed " + seed + ", input " + n;
  }

  private static String shown(byte[] input) {
    int length = Math.min(input.length, HEX_SHOWN);
    return ", "
        + input.length
        + " bytes: "
        + HexFormat.of().formatHex(input, 0, length)
        + (length < input.length ? "…" : "");
  }
}
