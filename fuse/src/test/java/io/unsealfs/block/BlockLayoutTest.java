package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.BlockLayout.CiphertextRange;
import io.unsealfs.block.BlockLayout.Extents;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class BlockLayoutTest {

  /** A block as a walk over the file finds it, without any division. */
  private record NaiveBlock(long plaintextAt, int plaintextLength, long storedAt, int stored) {}

  private static List<NaiveBlock> walk(BlockLayout layout, int plaintextSize) {
    List<NaiveBlock> blocks = new ArrayList<>();
    long storedAt = layout.headerSize();
    int left = plaintextSize;
    int at = 0;
    while (left > 0) {
      int length = Math.min(left, layout.plaintextBlockSize());
      blocks.add(new NaiveBlock(at, length, storedAt, length + layout.overhead()));
      storedAt += length + layout.overhead();
      at += length;
      left -= length;
    }
    return blocks;
  }

  private static long end(BlockLayout layout, List<NaiveBlock> blocks) {
    return blocks.isEmpty()
        ? layout.headerSize()
        : blocks.getLast().storedAt() + blocks.getLast().stored();
  }

  @Property
  void blocksLieWhereAWalkFindsThem(
      @ForAll("layouts") BlockLayout layout, @ForAll @IntRange(max = 500) int size) {
    List<NaiveBlock> blocks = walk(layout, size);
    assertEquals(blocks.size(), layout.blockCount(size));
    assertEquals(end(layout, blocks), layout.ciphertextSize(size));
    for (int i = 0; i < blocks.size(); i++) {
      NaiveBlock block = blocks.get(i);
      assertEquals(block.storedAt(), layout.ciphertextOffset(i));
      assertEquals(block.plaintextAt(), layout.plaintextOffset(i));
      assertEquals(block.plaintextLength(), layout.plaintextLength(i, size));
      assertEquals(block.stored(), layout.ciphertextLength(i, size));
      for (int j = 0; j < block.plaintextLength(); j++) {
        assertEquals(i, layout.blockOf(block.plaintextAt() + j));
      }
    }
    assertEquals(0, layout.plaintextLength(blocks.size(), size));
    assertEquals(0, layout.ciphertextLength(blocks.size(), size));
  }

  @Property(tries = 100)
  void exactlyTheSizesThatAFileCanHaveHaveAPlaintextSize(@ForAll("layouts") BlockLayout layout) {
    OptionalLong[] expected = new OptionalLong[400];
    Arrays.fill(expected, OptionalLong.empty());
    for (int size = 0; size < 400; size++) {
      long stored = end(layout, walk(layout, size));
      if (stored < expected.length) {
        expected[(int) stored] = OptionalLong.of(size);
      }
    }
    for (int stored = 0; stored < expected.length; stored++) {
      assertEquals(expected[stored], layout.plaintextSize(stored));
    }
  }

  @Property
  void aRangeIsTheStoredBlocksThatTouchIt(
      @ForAll("layouts") BlockLayout layout,
      @ForAll @IntRange(max = 500) int size,
      @ForAll @IntRange(max = 600) int offset,
      @ForAll @IntRange(max = 600) int length) {
    long start = -1;
    long end = -1;
    for (NaiveBlock block : walk(layout, size)) {
      boolean touched =
          block.plaintextAt() < offset + length
              && block.plaintextAt() + block.plaintextLength() > offset
              && length > 0;
      if (touched) {
        start = start < 0 ? block.storedAt() : start;
        end = block.storedAt() + block.stored();
      }
    }
    CiphertextRange range = layout.ciphertextRange(offset, length, size);
    if (start < 0) {
      assertEquals(0, range.length());
    } else {
      assertEquals(new CiphertextRange(start, end - start), range);
    }
  }

  @Property
  void extentsCoverTheFileOnceAndInOrder(
      @ForAll("layouts") BlockLayout layout,
      @ForAll @IntRange(max = 500) int size,
      @ForAll @IntRange(min = 1, max = 120) int extentSize) {
    Extents extents = layout.extents(extentSize, size);
    long plaintextAt = 0;
    long storedAt = layout.headerSize();
    long block = 0;
    for (long extent = 0; extent < extents.count(); extent++) {
      int length = extents.plaintextLength(extent);
      CiphertextRange range = extents.ciphertextRange(extent);
      assertTrue(length > 0 && length <= extents.fullPlaintextLength());
      assertTrue(range.length() <= extents.fullCiphertextLength());
      assertEquals(plaintextAt, extents.start(extent));
      assertEquals(storedAt, range.offset());
      assertEquals(block, extents.firstBlock(extent));
      for (int i = 0; i < length; i++) {
        assertEquals(extent, extents.extentOf(plaintextAt + i));
        assertEquals(i, extents.offsetInExtent(plaintextAt + i));
        assertEquals(
            layout.blockOf(plaintextAt + i), block + extents.blockInExtent(i), "block of " + i);
      }
      plaintextAt += length;
      storedAt += range.length();
      block += extents.blockCount(extent);
    }
    assertEquals(size, plaintextAt);
    assertEquals(layout.ciphertextSize(size), storedAt);
    assertEquals(layout.blockCount(size), block);
  }

  @Example
  void whatDoesNotFitIsRefusedInsteadOfWrapped() {
    BlockLayout layout = new BlockLayout(18, 4096, 32);
    assertThrows(ArithmeticException.class, () -> layout.ciphertextOffset(Long.MAX_VALUE / 4096));
    assertThrows(ArithmeticException.class, () -> layout.plaintextOffset(Long.MAX_VALUE / 4000));
    assertThrows(ArithmeticException.class, () -> layout.ciphertextSize(Long.MAX_VALUE - 5));
    assertThrows(
        IllegalArgumentException.class, () -> new BlockLayout(0, Integer.MAX_VALUE - 5, 6));
    assertThrows(IllegalArgumentException.class, () -> new BlockLayout(-1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new BlockLayout(0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new BlockLayout(0, 1, -1));
  }

  @Provide
  Arbitrary<BlockLayout> layouts() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 20),
            Arbitraries.integers().between(1, 50),
            Arbitraries.integers().between(0, 12))
        .as(BlockLayout::new);
  }
}
