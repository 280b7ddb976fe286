package io.unsealfs.fuzz;

import java.time.Duration;

/**
 * Runs one fuzz target for long, or one input again: {@code TARGET SECONDS [SEED [INPUT]]}. Without
 * arguments it lists the targets.
 */
final class FuzzMain {
  private FuzzMain() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length < 2) {
      FuzzTargets.names().forEach(System.out::println);
      return;
    }
    long seed = arguments.length > 2 ? Long.parseLong(arguments[2]) : System.nanoTime();
    try (FuzzTarget target = FuzzTargets.named(arguments[0])) {
      Fuzzer fuzzer = new Fuzzer(target, seed);
      if (arguments.length > 3) {
        fuzzer.one(Long.parseLong(arguments[3]));
      } else {
        System.out.println(fuzzer.run(Duration.ofSeconds(Long.parseLong(arguments[1]))));
      }
    }
  }
}
