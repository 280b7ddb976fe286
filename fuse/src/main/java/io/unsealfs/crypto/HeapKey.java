package io.unsealfs.crypto;

import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import javax.crypto.SecretKey;

/**
 * A secret key whose bytes can really be wiped: {@code SecretKeySpec} copies them and never lets
 * go. Compared by identity, says nothing of itself, refuses to be serialised.
 */
public final class HeapKey implements SecretKey {
  private static final long serialVersionUID = 1L;

  private final String algorithm;
  private final transient byte[] bytes;
  private volatile boolean destroyed;

  /** A key with a copy of {@code length} bytes of {@code source}. */
  public HeapKey(String algorithm, byte[] source, int offset, int length) {
    this.algorithm = algorithm;
    this.bytes = Arrays.copyOfRange(source, offset, Math.addExact(offset, length));
  }

  /** A key with a copy of {@code source}. */
  public HeapKey(String algorithm, byte[] source) {
    this(algorithm, source, 0, source.length);
  }

  /** Length in bytes. */
  public int length() {
    return bytes.length;
  }

  @Override
  public String getAlgorithm() {
    return algorithm;
  }

  @Override
  public String getFormat() {
    return "RAW";
  }

  /**
   * A copy, as the JDK's ciphers ask for; they wipe it themselves.
   *
   * @throws IllegalStateException if the key was destroyed
   */
  @Override
  public byte[] getEncoded() {
    byte[] copy = bytes.clone();
    if (destroyed) {
      Arrays.fill(copy, (byte) 0);
      throw new IllegalStateException("the key was destroyed");
    }
    return copy;
  }

  @Override
  public void destroy() {
    destroyed = true;
    Arrays.fill(bytes, (byte) 0);
  }

  @Override
  public boolean isDestroyed() {
    return destroyed;
  }

  @Override
  public String toString() {
    return "HeapKey";
  }

  private void writeObject(ObjectOutputStream out) throws NotSerializableException {
    throw new NotSerializableException("keys stay in this process");
  }
}
