package io.unsealfs.block;

import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * A cipher for tests: each block is XORed with a pad made from its index, and where the layout has
 * room for it, preceded by a checksum over index and content.
 */
record ToyCipher(BlockLayout layout) implements BlockCipher {

  /** What a block of this cipher says when it is damaged. */
  static final String PROBLEM = "checksum mismatch";

  private static final int CHECKSUM = Long.BYTES;

  @Override
  public Decryptor borrow() {
    return new ToyDecryptor(layout.overhead());
  }

  /** The stored form of {@code plaintext}. */
  byte[] encrypt(byte[] plaintext) {
    byte[] stored = new byte[Math.toIntExact(layout.ciphertextSize(plaintext.length))];
    Arrays.fill(stored, 0, layout.headerSize(), (byte) 0x48);
    int at = layout.headerSize();
    int block = 0;
    for (int from = 0; from < plaintext.length; from += layout.plaintextBlockSize()) {
      int length = Math.min(layout.plaintextBlockSize(), plaintext.length - from);
      if (layout.overhead() > 0) {
        long sum = checksum(block, plaintext, from, length);
        for (int i = 0; i < CHECKSUM; i++) {
          stored[at + i] = (byte) (sum >>> (8 * i));
        }
      }
      at += layout.overhead();
      for (int i = 0; i < length; i++) {
        stored[at + i] = (byte) (plaintext[from + i] ^ pad(block, i));
      }
      at += length;
      block++;
    }
    return stored;
  }

  /** The plaintext byte that every test file has at {@code offset}; never zero. */
  static byte plaintextAt(long fileSeed, long offset) {
    long mixed = (offset + fileSeed * 0x632be59bd9b4e019L) * 0x9e3779b97f4a7c15L;
    return (byte) (1 + Math.floorMod(mixed >>> 17, 255));
  }

  /** A file of such bytes. */
  static byte[] plaintext(long fileSeed, int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = plaintextAt(fileSeed, i);
    }
    return bytes;
  }

  private static byte pad(long block, int i) {
    return (byte) (block * 31 + i * 7L + 5);
  }

  private static long checksum(long block, byte[] bytes, int from, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, length);
    return (crc.getValue() << 20) ^ block;
  }

  private record ToyDecryptor(int overhead) implements Decryptor {
    @Override
    public void decrypt(long block, byte[] in, int inAt, int length, byte[] out, int outAt)
        throws IntegrityException {
      int size = length - overhead;
      for (int i = 0; i < size; i++) {
        out[outAt + i] = (byte) (in[inAt + overhead + i] ^ pad(block, i));
      }
      if (overhead > 0) {
        long sum = 0;
        for (int i = 0; i < CHECKSUM; i++) {
          sum |= (in[inAt + i] & 0xffL) << (8 * i);
        }
        if (sum != checksum(block, out, outAt, size)) {
          throw new IntegrityException(PROBLEM);
        }
      }
    }

    @Override
    public void close() {}
  }
}
