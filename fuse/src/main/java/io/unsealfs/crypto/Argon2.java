package io.unsealfs.crypto;

import io.unsealfs.os.ScratchMemory;
import io.unsealfs.os.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.crypto.digests.Blake2bDigest;

/**
 * Argon2 version 0x13 (RFC 9106) with its memory outside the Java heap, so that a volume which asks
 * for 1 GiB does not need a heap of more than that for the one second of its opening; and with its
 * lanes side by side where there are cores. Bouncy Castle's keeps the memory on the heap and uses
 * one thread. The memory is wiped and given back at the end, whichever it is.
 */
public final class Argon2 {
  private static final int VERSION = 0x13;
  private static final int HASH = 64;
  private static final byte[] NOTHING = {};

  /** The variants that LUKS2 uses. */
  public enum Type {
    /** Argon2i: memory is visited in an order that does not depend on the password. */
    I(1),
    /** Argon2id: as Argon2i for the first half of the first pass, then by content. */
    ID(2);

    final int number;

    Type(int number) {
      this.number = number;
    }
  }

  /**
   * What a derivation costs.
   *
   * @param passes over the memory, at least 1
   * @param memoryKib KiB of memory, at least eight per lane
   * @param lanes filled side by side, 1 to 255
   */
  public record Cost(int passes, int memoryKib, int lanes) {
    /** Checks the ranges. */
    public Cost {
      if (passes < 1 || lanes < 1 || lanes > 255 || memoryKib < 8 * lanes) {
        throw new UnsupportedParameterException(
            "Argon2 with t=" + passes + " m=" + memoryKib + " p=" + lanes);
      }
    }

    /** Bytes of memory that are really used. */
    public long memoryBytes() {
      return (long) segmentBlocks() * Argon2Fill.SLICES * lanes * ScratchMemory.BLOCK_BYTES;
    }

    int segmentBlocks() {
      return memoryKib / (Argon2Fill.SLICES * lanes);
    }
  }

  private Argon2() {}

  /**
   * Derives {@code length} bytes; the caller wipes them. The caller has checked what it costs.
   *
   * @param length 4 to 1024
   * @throws KdfTimeoutException if it takes longer than {@code deadline}
   * @throws SystemCallException if the kernel gives no memory
   */
  public static byte[] derive(
      Type type, byte[] password, byte[] salt, Cost cost, int length, Deadline deadline)
      throws KdfTimeoutException, SystemCallException {
    return derive(type, password, salt, NOTHING, NOTHING, cost, length, deadline);
  }

  /** With the secret and the associated data of the RFC, which LUKS does not use. */
  static byte[] derive(
      Type type,
      byte[] password,
      byte[] salt,
      byte[] secret,
      byte[] associatedData,
      Cost cost,
      int length,
      Deadline deadline)
      throws KdfTimeoutException, SystemCallException {
    if (length < 4 || length > 1024 || salt.length < 8) {
      throw new UnsupportedParameterException(
          "Argon2 with a salt of " + salt.length + " and " + length + " bytes of output");
    }
    byte[] seed = seed(type, cost, length, List.of(password, salt, secret, associatedData));
    byte[] last = new byte[ScratchMemory.BLOCK_BYTES];
    try (ScratchMemory memory = ScratchMemory.allocate(cost.memoryBytes())) {
      int laneBlocks = cost.segmentBlocks() * Argon2Fill.SLICES;
      for (int lane = 0; lane < cost.lanes(); lane++) {
        for (int column = 0; column < 2; column++) {
          begin(memory, (long) lane * laneBlocks + column, seed, column, lane);
        }
      }
      new Argon2Fill(type, cost, memory, deadline).run();
      long[] sum = new long[ScratchMemory.BLOCK_LONGS];
      long[] block = new long[ScratchMemory.BLOCK_LONGS];
      for (int lane = 0; lane < cost.lanes(); lane++) {
        memory.read((lane + 1L) * laneBlocks - 1, block);
        for (int i = 0; i < sum.length; i++) {
          sum[i] ^= block[i];
        }
      }
      ByteBuffer.wrap(last).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(sum);
      Arrays.fill(sum, 0);
      Arrays.fill(block, 0);
      return hash(last, length);
    } finally {
      Arrays.fill(seed, (byte) 0);
      Arrays.fill(last, (byte) 0);
    }
  }

  /** H_0 of the RFC, with room for the two numbers that follow it. */
  private static byte[] seed(Type type, Cost cost, int length, List<byte[]> fields) {
    ByteBuffer head = ByteBuffer.allocate(6 * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(cost.lanes()).putInt(length).putInt(cost.memoryKib());
    head.putInt(cost.passes()).putInt(VERSION).putInt(type.number);
    Blake2bDigest digest = new Blake2bDigest(8 * HASH);
    digest.update(head.array(), 0, head.capacity());
    for (byte[] field : fields) {
      digest.update(littleEndian(field.length), 0, Integer.BYTES);
      digest.update(field, 0, field.length);
    }
    byte[] seed = new byte[HASH + 2 * Integer.BYTES];
    digest.doFinal(seed, 0);
    return seed;
  }

  private static byte[] littleEndian(int value) {
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  private static void begin(ScratchMemory memory, long block, byte[] seed, int column, int lane) {
    ByteBuffer.wrap(seed)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(HASH, column)
        .putInt(HASH + 4, lane);
    byte[] bytes = hash(seed, ScratchMemory.BLOCK_BYTES);
    long[] words = new long[ScratchMemory.BLOCK_LONGS];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
    memory.write(block, words);
    Arrays.fill(bytes, (byte) 0);
    Arrays.fill(words, 0);
  }

  /** H' of the RFC: BLAKE2b of any length. */
  private static byte[] hash(byte[] in, int length) {
    byte[] out = new byte[length];
    byte[] chained = new byte[HASH];
    Blake2bDigest digest = new Blake2bDigest(8 * Math.min(HASH, length));
    digest.update(littleEndian(length), 0, Integer.BYTES);
    digest.update(in, 0, in.length);
    if (length <= HASH) {
      digest.doFinal(out, 0);
      return out;
    }
    digest.doFinal(chained, 0);
    int done = 0;
    for (; length - done > HASH; done += HASH / 2) {
      System.arraycopy(chained, 0, out, done, HASH / 2);
      int next = Math.min(HASH, length - done - HASH / 2);
      digest = new Blake2bDigest(8 * next);
      digest.update(chained, 0, HASH);
      digest.doFinal(chained, 0);
    }
    System.arraycopy(chained, 0, out, done, length - done);
    Arrays.fill(chained, (byte) 0);
    return out;
  }
}
