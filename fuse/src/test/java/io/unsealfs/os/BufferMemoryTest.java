package io.unsealfs.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.kenai.jffi.MemoryIO;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BufferMemoryTest {
  private static final int BYTES = 1 << 20;
  private static final int BUFFERS = 64;

  @Test
  void isZeroAndHoldsWhatIsPutIn() throws SystemCallException {
    ByteBuffer buffer = BufferMemory.allocate(BYTES + 1).buffer();
    assertEquals(BYTES + 1, buffer.remaining());
    assertTrue(buffer.isDirect());
    assertEquals(ByteBuffer.allocate(BYTES + 1), buffer);
    buffer.put(BYTES, (byte) 7);
    assertEquals(7, buffer.slice(BYTES, 1).get());
  }

  @Test
  void noBytesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> BufferMemory.allocate(0));
  }

  @Test
  void theKernelGetsItBackOnceNobodyRefersToIt() throws Exception {
    List<ByteBuffer> buffers = new ArrayList<>();
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < BUFFERS; i++) {
      ByteBuffer buffer = BufferMemory.allocate(BYTES).buffer();
      addresses.add(MemoryIO.getInstance().getDirectBufferAddress(buffer));
      // the slice alone keeps it
      buffers.add(buffer.slice(1, 10));
    }
    System.gc();
    assertEquals(BUFFERS, mapped(addresses));
    for (ByteBuffer buffer : buffers) {
      assertEquals(0, buffer.get(3));
    }
    buffers.clear();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    // some of the addresses may be somebody else's by now
    while (mapped(addresses) > BUFFERS / 2 && System.nanoTime() < deadline) {
      System.gc();
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertTrue(mapped(addresses) <= BUFFERS / 2);
  }

  @Test
  void theKernelGetsItBackAtOnceIfItsOwnerSaysSo() throws Exception {
    List<BufferMemory> all = new ArrayList<>();
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < BUFFERS; i++) {
      all.add(BufferMemory.allocate(BYTES));
      addresses.add(MemoryIO.getInstance().getDirectBufferAddress(all.getLast().buffer()));
    }
    assertEquals(BUFFERS, mapped(addresses));
    all.forEach(BufferMemory::close);
    assertTrue(mapped(addresses) <= BUFFERS / 2);
    all.forEach(BufferMemory::close);
  }

  private static long mapped(List<Long> addresses) throws IOException {
    List<long[]> ranges = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      String[] ends = line.split("[ -]", 3);
      ranges.add(
          new long[] {Long.parseUnsignedLong(ends[0], 16), Long.parseUnsignedLong(ends[1], 16)});
    }
    return addresses.stream()
        .filter(address ->
            ranges.stream()
                .anyMatch(range ->
                    Long.compareUnsigned(range[0], address) <= 0
                        && Long.compareUnsigned(address, range[1]) < 0))
        .count();
  }
}
