package io.unsealfs.daemon.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FetchWarmUpTest {
  private static void awaitEnd(FetchWarmUp warmUp) throws InterruptedException {
    if (warmUp.thread().isPresent()) {
      assertTrue(warmUp.thread().get().join(Duration.ofSeconds(30)), "it goes on");
    }
  }

  @Test
  void endsByItselfAndWhenTheMountDoes() throws Exception {
    try (FetchWarmUp warmUp = FetchWarmUp.begin(true)) {
      assertEquals(Runtime.getRuntime().availableProcessors() > 1, warmUp.thread().isPresent());
      awaitEnd(warmUp);
    }
    FetchWarmUp stopped = FetchWarmUp.begin(true);
    stopped.close();
    awaitEnd(stopped);
  }

  @Test
  void doesNothingForAVolumeThatIsHere() {
    try (FetchWarmUp warmUp = FetchWarmUp.begin(false)) {
      assertEquals(Optional.empty(), warmUp.thread());
    }
  }
}
