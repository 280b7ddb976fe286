package io.unsealfs.soak;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.e2e.Needs;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A short soak of each transport; {@code tests/soak} runs a long one. */
class SoakTest {
  private static Duration duration() {
    return Duration.ofSeconds(
        Long.getLong("unsealfs.soak.seconds", Needs.isContinuousIntegration() ? 120 : 30) / 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "jnr", SoakPlan.RESIDENT})
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void noWrongByteNoHangNoLeak(String transport) throws Exception {
    Needs.fuse();
    Needs.root();
    Needs.programs("gcc", "mount", "umount", "kill");
    SoakPlan plan = SoakPlan.of(Needs.checkout(), duration(), transport, 1);
    Tally tally = new Soak(plan, System.out).run();
    System.out.println(transport + ": " + tally);
    assertTrue(tally.operations() > 100, tally::toString);
    assertTrue(!plan.resident() || tally.fills() > 0, tally::toString);
  }
}
