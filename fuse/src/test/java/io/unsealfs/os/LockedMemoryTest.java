package io.unsealfs.os;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class LockedMemoryTest {

  /** The line of smaps that begins with {@code field}, for the mapping that holds the address. */
  private static String smaps(long address, String field) throws IOException {
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        String[] range = line.substring(0, line.indexOf(' ')).split("-", -1);
        inside =
            Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), address) <= 0
                && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0;
      } else if (inside && line.startsWith(field)) {
        return line;
      }
    }
    return "";
  }

  @Test
  void lendsACopyAndWipesIt() {
    byte[] secret = "correct horse".getBytes(StandardCharsets.UTF_8);
    List<byte[]> kept = new ArrayList<>();
    try (LockedMemory memory = LockedMemory.copyOf(secret)) {
      assertEquals(secret.length, memory.size());
      boolean whole =
          memory.use(lent -> {
            kept.add(lent);
            return Arrays.equals(lent, secret);
          });
      assertTrue(whole);
      assertArrayEquals(new byte[secret.length], kept.getFirst());
      assertThrows(
          IllegalArgumentException.class,
          () ->
              memory.use(lent -> {
                kept.add(lent);
                throw new IllegalArgumentException();
              }));
      assertArrayEquals(new byte[secret.length], kept.getLast());
      boolean stillWhole = memory.use(lent -> Arrays.equals(lent, secret));
      assertTrue(stillWhole);
    }
  }

  @Test
  void contentIsGoneAfterCloseAndUseIsRefused() throws IOException {
    byte[] secret = new byte[64];
    new SecureRandom().nextBytes(secret);
    LockedMemory memory = LockedMemory.copyOf(secret);
    long address = memory.address();
    assertTrue(smaps(address, "VmFlags").contains(" dd"), "left out of dumps");
    assertTrue(smaps(address, "VmFlags").contains(" wf"), "wiped on fork");
    assertArrayEquals(secret, peek(address, secret.length));
    memory.close();
    memory.close();
    assertFalse(Arrays.equals(secret, peek(address, secret.length)));
    assertThrows(IllegalStateException.class, () -> memory.use(lent -> lent[0]));
    assertThrows(IllegalStateException.class, () -> memory.write(0, new byte[1]));
    assertEquals(64, memory.size());
  }

  /** What is at {@code address} of this process; nothing if nothing is mapped there. */
  private static byte[] peek(long address, int length) throws IOException {
    byte[] found = new byte[length];
    try (RandomAccessFile self = new RandomAccessFile("/proc/self/mem", "r")) {
      self.seek(address);
      self.readFully(found);
      return found;
    } catch (IOException e) {
      return new byte[0];
    }
  }

  @Test
  void spansPagesAndRefusesWritesPastItsEnd() {
    try (LockedMemory memory = LockedMemory.allocate(5000)) {
      memory.write(4990, new byte[] {9, 8, 7});
      assertEquals((byte) 8, memory.<Byte>use(lent -> lent[4991]));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.write(4999, new byte[] {1, 2}));
    }
  }

  @Test
  void anEmptySecretIsASecret() {
    try (LockedMemory memory = LockedMemory.copyOf(new byte[0])) {
      assertEquals(0, memory.<Integer>use(lent -> lent.length));
    }
    assertThrows(IllegalArgumentException.class, () -> LockedMemory.allocate(-1));
    assertThrows(IllegalArgumentException.class, () -> LockedMemory.allocate(Integer.MAX_VALUE));
  }

  @Test
  void everyUserRacingWithCloseSeesTheWholeSecretOrARefusal() throws Exception {
    byte[] secret = new byte[3000];
    Arrays.fill(secret, (byte) 0x5a);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int round = 0; round < 200; round++) {
        LockedMemory memory = LockedMemory.copyOf(secret);
        CountDownLatch start = new CountDownLatch(1);
        List<Future<Boolean>> results = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          results.add(
              threads.submit(() -> {
                start.await();
                try {
                  while (true) {
                    if (!memory.use(lent -> Arrays.equals(lent, secret))) {
                      return false;
                    }
                  }
                } catch (IllegalStateException e) {
                  return true;
                }
              }));
        }
        start.countDown();
        memory.close();
        for (Future<Boolean> result : results) {
          assertTrue(result.get());
        }
      }
    }
  }
}
