package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheSizeTest {
  private static final long MIB = 1 << 20;

  @ParameterizedTest
  @CsvSource({
    "65536, 16384, 256", // a big machine
    "1024, 2048, 128", // the memory limit decides
    "4096, 512, 128", // the heap decides
    "512, 128, 32",
  })
  void theDefaultIsTheLeastOfThree(long memory, long heap, long expected) throws UsageException {
    CacheSize size = new CacheSize(memory * MIB, heap * MIB);
    assertEquals(expected * MIB, size.defaultBytes());
    assertEquals(expected * MIB, size.bytes(null));
  }

  @Test
  void theDefaultNeverExceedsWhatTheHeapHolds() throws UsageException {
    assertEquals(6 * MIB, new CacheSize(Long.MAX_VALUE, 70 * MIB).bytes(null));
    assertEquals(0, new CacheSize(Long.MAX_VALUE, 60 * MIB).bytes(null));
  }

  @Test
  void whatTheHeapCannotHoldIsRefusedWithTheWayOut() {
    CacheSize size = new CacheSize(8192 * MIB, 1024 * MIB);
    UsageException refusal =
        assertThrows(UsageException.class, () -> size.bytes(new ByteSize(513 * MIB)));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("513 MiB") && message.contains("512 MiB"), message);
    assertTrue(message.contains("more memory"), message);
  }

  @Test
  void whatTheHeapHoldsIsTaken() throws UsageException {
    assertEquals(512 * MIB, new CacheSize(64 * MIB, 1024 * MIB).bytes(new ByteSize(512 * MIB)));
    assertEquals(0, new CacheSize(64 * MIB, 1024 * MIB).bytes(new ByteSize(0)));
  }
}
