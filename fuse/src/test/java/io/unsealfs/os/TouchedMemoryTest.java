package io.unsealfs.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TouchedMemoryTest {
  private static final long UNIT = TouchedMemory.UNIT;

  /** An advice that no kernel knows, as older ones do not know the one to populate. */
  private static final int UNKNOWN = 9999;

  private static final int POPULATE = 23;

  @ParameterizedTest
  @ValueSource(ints = {POPULATE, UNKNOWN})
  void holdsWhatItTouchesAndNoMore(int populate) throws Exception {
    try (TouchedMemory memory = TouchedMemory.upTo(16 * UNIT + 1, populate)) {
      assertEquals(0, residentBytes(memory));
      for (int i = 1; i <= 16; i++) {
        assertTrue(memory.touch());
        assertEquals(i * UNIT, memory.heldBytes());
      }
      assertFalse(memory.touch(), "more than it was to");
      assertEquals(16 * UNIT, residentBytes(memory));
    }
  }

  @Test
  void givesBackUnitByUnitAndTouchesOn() throws Exception {
    try (TouchedMemory memory = TouchedMemory.upTo(4 * UNIT)) {
      memory.giveBack();
      assertEquals(0, memory.heldBytes(), "nothing was held");
      for (int i = 0; i < 3; i++) {
        assertTrue(memory.touch());
      }
      memory.giveBack();
      assertEquals(2 * UNIT, memory.heldBytes());
      assertEquals(2 * UNIT, residentBytes(memory));
      assertTrue(memory.touch());
      assertFalse(memory.touch(), "what was given back is not touched again");
      assertEquals(4 * UNIT, memory.touchedBytes());
      for (int i = 0; i < 4; i++) {
        memory.giveBack();
      }
      assertEquals(0, memory.heldBytes());
      assertEquals(0, residentBytes(memory));
    }
  }

  @Test
  void onceClosedItHoldsAndTouchesNothing() throws Exception {
    TouchedMemory memory = TouchedMemory.upTo(4 * UNIT);
    assertTrue(memory.touch());
    memory.close();
    memory.close();
    assertFalse(memory.touch());
    memory.giveBack();
    assertEquals(0, memory.heldBytes());
    assertEquals(0, residentBytes(memory), "still mapped");
  }

  @Test
  void lessThanAUnitIsNothing() throws Exception {
    try (TouchedMemory memory = TouchedMemory.upTo(UNIT - 1)) {
      assertFalse(memory.touch());
    }
  }

  /** What the kernel says; 0 where there is no such mapping. */
  private static long residentBytes(TouchedMemory memory) throws IOException {
    String start = Long.toHexString(memory.address()) + "-";
    boolean found = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      found |= line.startsWith(start);
      if (found && line.startsWith("Rss:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    return 0;
  }
}
