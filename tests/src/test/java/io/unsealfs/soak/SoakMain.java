package io.unsealfs.soak;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Runs soaks: {@code MINUTES [--transport kernel|jnr|resident] [--seed N]}; without a transport,
 * all in turn. Exit status 0 only if everything held.
 */
final class SoakMain {
  private SoakMain() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    double minutes = 0;
    List<String> transports = List.of("kernel", "jnr", SoakPlan.RESIDENT);
    long seed = System.nanoTime() & 0xffffff;
    try {
      minutes = Double.parseDouble(arguments[0]);
      for (int i = 1; i < arguments.length; i += 2) {
        switch (arguments[i]) {
          case "--transport" -> transports = List.of(arguments[i + 1]);
          case "--seed" -> seed = Long.parseLong(arguments[i + 1]);
          default -> throw new IllegalArgumentException(arguments[i]);
        }
      }
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      System.err.println("usage: tests/soak MINUTES [--transport kernel|jnr|resident] [--seed N]");
      System.exit(2);
    }
    Path checkout = Path.of(System.getProperty("unsealfs.root", ".")).toAbsolutePath().normalize();
    Duration each = Duration.ofMillis((long) (minutes * 60_000 / transports.size()));
    for (String transport : transports) {
      System.out.println(transport + ": " + each + ", seed " + seed);
      try {
        Tally tally = new Soak(SoakPlan.of(checkout, each, transport, seed), System.out).run();
        System.out.println(transport + ": all held: " + tally);
      } catch (SoakFailure e) {
        System.out.println(transport + ": FAILED: " + e.getMessage());
        System.exit(1);
      }
    }
  }
}
