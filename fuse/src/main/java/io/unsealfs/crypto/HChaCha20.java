package io.unsealfs.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** HChaCha20 (draft-irtf-cfrg-xchacha-03, section 2.2). Not thread-safe. */
final class HChaCha20 {
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int[] CONSTANTS = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

  private final int[] keyWords = new int[8];
  private final int[] x = new int[16];

  HChaCha20(HeapKey key) {
    byte[] bytes = key.getEncoded();
    for (int i = 0; i < 8; i++) {
      keyWords[i] = (int) INTS.get(bytes, 4 * i);
    }
    Arrays.fill(bytes, (byte) 0);
  }

  /** Writes the 32-byte sub-key of the key and 16 nonce bytes to {@code out}. */
  void derive(byte[] nonce, int nonceOffset, byte[] out) {
    System.arraycopy(CONSTANTS, 0, x, 0, 4);
    System.arraycopy(keyWords, 0, x, 4, 8);
    for (int i = 0; i < 4; i++) {
      x[12 + i] = (int) INTS.get(nonce, nonceOffset + 4 * i);
    }
    for (int round = 0; round < 10; round++) {
      quarter(0, 4, 8, 12);
      quarter(1, 5, 9, 13);
      quarter(2, 6, 10, 14);
      quarter(3, 7, 11, 15);
      quarter(0, 5, 10, 15);
      quarter(1, 6, 11, 12);
      quarter(2, 7, 8, 13);
      quarter(3, 4, 9, 14);
    }
    for (int i = 0; i < 4; i++) {
      INTS.set(out, 4 * i, x[i]);
      INTS.set(out, 16 + 4 * i, x[12 + i]);
    }
    Arrays.fill(x, 0);
  }

  private void quarter(int a, int b, int c, int d) {
    x[a] += x[b];
    x[d] = Integer.rotateLeft(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = Integer.rotateLeft(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = Integer.rotateLeft(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = Integer.rotateLeft(x[b] ^ x[c], 7);
  }
}
