package io.unsealfs.key;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** Secret memory on the heap, for tests. */
public final class HeapMemory implements SecretMemory {
  @Override
  public Region copyOf(byte[] bytes) {
    return new HeapRegion(bytes.clone());
  }

  /** A secret holding {@code bytes}. */
  public static Secret secret(byte[] bytes) {
    return new Secret(new HeapMemory().copyOf(bytes), SecretTerms.NONE);
  }

  /** A copy of what {@code secret} holds. */
  public static byte[] bytes(Secret secret) {
    return secret.use(byte[]::clone);
  }

  private static final class HeapRegion implements Region {
    private final byte[] bytes;
    private final AtomicBoolean closed = new AtomicBoolean();

    HeapRegion(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public int size() {
      return bytes.length;
    }

    @Override
    public <T> T use(Function<byte[], T> use) {
      if (closed.get()) {
        throw new IllegalStateException("closed");
      }
      byte[] lent = bytes.clone();
      try {
        return use.apply(lent);
      } finally {
        Arrays.fill(lent, (byte) 0);
      }
    }

    @Override
    public void close() {
      closed.set(true);
      Arrays.fill(bytes, (byte) 0);
    }
  }
}
