package io.unsealfs.os;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HiddenMemoryTest {
  private static final int MIB = 1 << 20;
  private static final Path COMPACT = Path.of("/proc/sys/vm/compact_memory");
  private static final String SWAPS_HEADER = "Filename Type Size Used Priority\n";

  @TempDir Path directory;

  @BeforeEach
  void needsRoot() {
    FuseMounts.require(ProcessControl.effectiveUser() == 0, "not root");
  }

  private Path swaps(String lines) throws Exception {
    return Files.writeString(directory.resolve("swaps"), SWAPS_HEADER + lines);
  }

  @Test
  void holdsWhatIsWrittenAndFreesItWhenItIsCut() throws Exception {
    try (HiddenMemory memory = HiddenMemory.create(8 * MIB);
        MemoryFile file = memory.file(3 * MIB)) {
      assertEquals(0, memory.usedBytes());
      byte[] plaintext = new byte[MIB];
      plaintext[5] = 7;
      file.write(plaintext, MIB, MIB);
      assertTrue(memory.usedBytes() >= MIB);
      ByteBuffer back = ByteBuffer.allocate(MIB);
      assertEquals(MIB, file.read(back, MIB));
      assertArrayEquals(plaintext, back.array());

      file.resize(0);
      assertEquals(0, memory.usedBytes());
      assertEquals(0, file.read(ByteBuffer.allocate(1), MIB));
    }
  }

  @Test
  void whatIsClosedIsFreed() throws Exception {
    try (HiddenMemory memory = HiddenMemory.create(8 * MIB)) {
      try (MemoryFile file = memory.file(2 * MIB)) {
        file.write(new byte[MIB], MIB, 0);
      }
      assertEquals(0, memory.usedBytes(), "a file without a name and without a user");
    }
  }

  @Test
  void whatNobodyWantsOnceItIsWrittenIsWipedAlsoIfTheFileIsClosedMeanwhile() throws Exception {
    try (HiddenMemory memory = HiddenMemory.create(8 * MIB)) {
      MemoryFile file = memory.file(2 * MIB);
      byte[] plaintext = new byte[MIB];
      Arrays.fill(plaintext, (byte) 7);
      file.write(plaintext, MIB, 0, () -> true);
      int number = file.acquire();
      file.release();
      try (FileChannel look = FileChannel.open(Path.of("/proc/self/fd/" + number))) {
        assertEquals(7, byteAt(look, MIB - 1));
        file.write(
            plaintext,
            MIB,
            MIB,
            () -> {
              assertEquals(7, byteAt(look, 2 * MIB - 1));
              file.close();
              return false;
            });
        assertEquals(0, byteAt(look, MIB));
        assertEquals(0, byteAt(look, 2 * MIB - 1));
        assertArrayEquals(new byte[MIB], plaintext);
        assertEquals(7, byteAt(look, MIB - 1), "what was wanted");
      }
      assertEquals(0, memory.usedBytes(), "closed");
    }
  }

  private static byte byteAt(FileChannel file, long offset) {
    ByteBuffer one = ByteBuffer.allocate(1);
    try {
      assertEquals(1, file.read(one, offset));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return one.get(0);
  }

  @Test
  void knowsWhetherSomebodyElseUsesAFile() throws Exception {
    try (HiddenMemory memory = HiddenMemory.create(8 * MIB);
        MemoryFile file = memory.file(2 * MIB)) {
      assertFalse(file.isUsedByOthers());
      int number = file.acquire();
      file.release();
      try (FileChannel _ = FileChannel.open(Path.of("/proc/self/fd/" + number))) {
        assertTrue(file.isUsedByOthers());
      }
      assertFalse(file.isUsedByOthers());
    }
  }

  @Test
  void hasHugePagesForWhatIsWholeOnes() throws Exception {
    long used = usedByOnePage();
    for (int i = 0; i < 2 && used != 2 * MIB && Files.isWritable(COMPACT); i++) {
      Files.writeString(COMPACT, "1"); // no huge page was free
      used = usedByOnePage();
    }
    assertEquals(2 * MIB, used, "one byte takes a huge page");
  }

  private static long usedByOnePage() throws Exception {
    try (HiddenMemory memory = HiddenMemory.create(8 * MIB);
        MemoryFile file = memory.file(4 * MIB)) {
      file.write(new byte[4096], 4096, 0);
      return memory.usedBytes();
    }
  }

  @Test
  void moreThanItsSizeIsNotToBeHad() throws Exception {
    try (HiddenMemory memory = HiddenMemory.create(4 * MIB);
        MemoryFile file = memory.file(8 * MIB)) {
      byte[] plaintext = new byte[MIB];
      for (int i = 0; i < 4; i++) {
        file.write(plaintext, MIB, (long) i * MIB);
      }
      assertEquals(
          ErrorNumber.ENOSPC,
          assertThrows(SystemCallException.class, () -> file.write(plaintext, MIB, 4 * MIB))
              .errno());
    }
  }

  @Test
  void isLeftOutOfSwapEvenWhereThereIsNone() throws Exception {
    Kernel kernel = new Kernel("", "");
    HiddenMemory.create(MIB, kernel, swaps(""), pages("never")).close();
    assertTrue(kernel.options.contains("noswap"), kernel.options::toString);
    assertTrue(kernel.options.contains("huge=within_size"), kernel.options::toString);
  }

  @Test
  void anOldKernelIsFineWithoutSwap() throws Exception {
    HiddenMemory.create(MIB, new Kernel("noswap", ""), swaps(""), pages("never")).close();
  }

  @Test
  void anOldKernelWithSwapIsRefused() throws Exception {
    Path swaps = swaps("/dev/sda2 partition 1000 0 -2\n");
    SystemCallException refused =
        assertThrows(
            SystemCallException.class,
            () -> HiddenMemory.create(MIB, new Kernel("noswap", ""), swaps, pages("never")));
    assertEquals(ErrorNumber.EINVAL, refused.errno());
    assertTrue(String.valueOf(refused.getMessage()).contains("noswap"), refused.getMessage());
    assertThrows(
        SystemCallException.class,
        () ->
            HiddenMemory.create(
                MIB, new Kernel("noswap", ""), directory.resolve("no such file"), pages("never")),
        "unknown is not none");
  }

  @Test
  void aKernelThatDeniesHugePagesIsRefused() throws Exception {
    SystemCallException refused =
        assertThrows(
            SystemCallException.class,
            () -> HiddenMemory.create(MIB, new Kernel("", ""), swaps(""), pages("deny")));
    assertEquals(ErrorNumber.EINVAL, refused.errno());
    assertTrue(String.valueOf(refused.getMessage()).contains("deny"), refused.getMessage());
    HiddenMemory.create(MIB, new Kernel("", ""), swaps(""), directory.resolve("no such file"))
        .close();
  }

  private Path pages(String word) throws Exception {
    return Files.writeString(
        directory.resolve("shmem_enabled"),
        "always within_size advise never deny force\n".replace(word, "[" + word + "]"));
  }

  @Test
  void aKernelWithoutHugePagesIsRefused() {
    assertEquals(
        ErrorNumber.EINVAL,
        assertThrows(
                SystemCallException.class,
                () ->
                    HiddenMemory.create(
                        MIB, new Kernel("", "within_size"), swaps(""), pages("never")))
            .errno());
  }

  @Test
  void noSizeWouldBeNoLimit() {
    assertThrows(IllegalArgumentException.class, () -> HiddenMemory.create(0));
  }

  @Test
  void aFileOfThisKindIsNoBackingWherePassthroughWasNotAgreedOn() throws Exception {
    FuseMounts.requireRootAndFuse();
    FuseDevice device = FuseDevice.open();
    try (HiddenMemory memory = HiddenMemory.create(MIB);
        MemoryFile file = memory.file(4096);
        Closeable _ = device.connectNowhere()) {
      // the handshake is not answered, so nothing was agreed on
      assertEquals(
          ErrorNumber.EPERM,
          assertThrows(SystemCallException.class, () -> device.openBacking(file)).errno());
    } finally {
      device.close();
    }
  }

  /** This machine's kernel, that does not know one option or one value. */
  private static final class Kernel implements HiddenMemoryCalls {
    private final String unknownOption;
    private final String unknownValue;
    private final List<String> options = new ArrayList<>();

    Kernel(String unknownOption, String unknownValue) {
      this.unknownOption = unknownOption;
      this.unknownValue = unknownValue;
    }

    private static String text(byte[] terminated) {
      return new String(terminated, 0, terminated.length - 1, StandardCharsets.US_ASCII);
    }

    @Override
    public long syscall(long number, byte[] type, long flags) {
      return CALLS.syscall(number, type, flags);
    }

    @Override
    public long syscall(
        long number,
        long context,
        long command,
        byte @Nullable [] key,
        byte @Nullable [] value,
        long auxiliary) {
      byte[] option = key;
      byte[] setting = value;
      if (key != null) {
        options.add(text(key) + (value == null ? "" : "=" + text(value)));
        option = text(key).equals(unknownOption) ? unknown() : key;
        setting = value != null && text(value).equals(unknownValue) ? unknown() : value;
      }
      return CALLS.syscall(number, context, command, option, setting, auxiliary);
    }

    private static byte[] unknown() {
      return Objects.requireNonNull(
          Libc.terminated("unheard-of".getBytes(StandardCharsets.US_ASCII)));
    }

    @Override
    public long syscall(long number, long context, long flags, long attributes) {
      return CALLS.syscall(number, context, flags, attributes);
    }

    @Override
    public long pwrite(int descriptor, byte[] plaintext, long count, long offset) {
      return CALLS.pwrite(descriptor, plaintext, count, offset);
    }
  }
}
