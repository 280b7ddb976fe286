package io.unsealfs.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * A short run of every fuzz target. {@code -Dunsealfs.fuzz.seconds} makes it longer, {@code
 * -Dunsealfs.fuzz.seed} repeats a run that failed; {@link FuzzMain} does both for one target.
 */
class FuzzTest {
  private static final long SECONDS = Long.getLong("unsealfs.fuzz.seconds", 3);

  /** The same in every ordinary run: a build must not fail for an input nobody has seen before. */
  private static final long SEED = Long.getLong("unsealfs.fuzz.seed", 1);

  @TestFactory
  @DisplayName("hostile input ends in a typed refusal or a correct result")
  Stream<DynamicTest> everyTarget() {
    return FuzzTargets.names().stream().map(name -> DynamicTest.dynamicTest(name, () -> run(name)));
  }

  private static void run(String name) throws Exception {
    try (FuzzTarget target = FuzzTargets.named(name)) {
      Fuzzer.Summary summary = new Fuzzer(target, SEED).run(Duration.ofSeconds(SECONDS));
      // mutations that are never refused, or a loop that never turned, would test nothing
      assertTrue(summary.refused() > 0, () -> "nothing was refused: " + summary);
      // and what stops at the door never reaches what lies behind it
      assertTrue(summary.accepted() > 0, () -> "nothing was accepted: " + summary);
    }
  }
}
