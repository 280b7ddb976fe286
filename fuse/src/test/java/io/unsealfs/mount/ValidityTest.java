package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ValidityTest {
  @Test
  void theKernelAsksAgainAsOftenAsTheTreeIsLookedAt() {
    assertEquals(new Validity(300, 1), Validity.refreshed(Duration.ofMinutes(5)));
    assertEquals(new Validity(3600, 1), Validity.refreshed(Duration.ZERO));
    assertEquals(new Validity(1, 1), Validity.refreshed(Duration.ofMillis(10)));
    assertThrows(IllegalArgumentException.class, () -> new Validity(-1, 0));
  }
}
