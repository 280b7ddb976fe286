package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KeyLifeTest {

  static Stream<Aead> ciphers() {
    byte[] key = new byte[64];
    return Stream.of(
        new AesGcm(new byte[32], 16), new AesSiv(key, 16), new XChaCha20Poly1305(new byte[32], 24));
  }

  @Test
  void a_destroyed_key_gives_nothing_away() {
    byte[] bytes = {1, 2, 3};
    HeapKey key = new HeapKey("AES", bytes);
    bytes[0] = 9;
    assertArrayEquals(new byte[] {1, 2, 3}, key.getEncoded());
    key.destroy();
    assertTrue(key.isDestroyed());
    assertThrows(IllegalStateException.class, key::getEncoded);
    assertEquals("HeapKey", key.toString());
  }

  @Test
  void a_key_cannot_be_serialised() throws Exception {
    try (var out = new ObjectOutputStream(new ByteArrayOutputStream())) {
      assertThrows(
          NotSerializableException.class, () -> out.writeObject(new HeapKey("AES", new byte[16])));
    }
  }

  @ParameterizedTest
  @MethodSource("ciphers")
  void a_closed_cipher_lends_no_worker_and_takes_none_back(Aead aead) {
    Aead.Worker before = aead.borrow();
    aead.close();
    before.close();
    assertThrows(IllegalStateException.class, aead::borrow);
  }

  @ParameterizedTest
  @MethodSource("ciphers")
  void threads_do_not_disturb_each_other(Aead aead) throws Exception {
    byte[] nonce = new byte[aead.nonceSize()];
    nonce[0] = 1;
    byte[] aad = {7};
    byte[][] sealed = new byte[64][];
    for (int i = 0; i < sealed.length; i++) {
      byte[] plain = new byte[4096];
      java.util.Arrays.fill(plain, (byte) i);
      sealed[i] = new byte[4096 + Aead.TAG_SIZE];
      nonce[1] = (byte) i;
      try (Aead.Worker worker = aead.borrow()) {
        worker.seal(nonce, 0, aad, plain, 0, 4096, sealed[i], 0);
      }
    }
    var failures = new ConcurrentLinkedQueue<Throwable>();
    CountDownLatch done = new CountDownLatch(16);
    for (int t = 0; t < 16; t++) {
      int first = t;
      Thread.ofPlatform()
          .start(() -> {
            try {
              byte[] out = new byte[4096];
              byte[] mine = nonce.clone();
              for (int i = 0; i < 200; i++) {
                int index = (first + i) % sealed.length;
                mine[1] = (byte) index;
                try (Aead.Worker worker = aead.borrow()) {
                  worker.open(mine, 0, aad, sealed[index], 0, sealed[index].length, out, 0);
                }
                for (byte b : out) {
                  assertEquals((byte) index, b);
                }
              }
            } catch (Throwable e) {
              failures.add(e);
            } finally {
              done.countDown();
            }
          });
    }
    done.await();
    assertTrue(failures.isEmpty(), failures::toString);
    aead.close();
  }
}
