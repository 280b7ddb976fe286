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
  private final boolean lends;
  private volatile boolean destroyed;

  /** A key with a copy of {@code length} bytes of {@code source}. */
  public HeapKey(String algorithm, byte[] source, int offset, int length) {
    this(algorithm, source, offset, length, false);
  }

  private HeapKey(String algorithm, byte[] source, int offset, int length, boolean lends) {
    this.algorithm = algorithm;
    this.lends = lends;
    this.bytes = Arrays.copyOfRange(source, offset, Math.addExact(offset, length));
  }

  /** A key with a copy of {@code source}. */
  public HeapKey(String algorithm, byte[] source) {
    this(algorithm, source, 0, source.length);
  }

  /**
   * A key with a copy of {@code source}, for a provider that asks for it again and again and wipes
   * nothing: {@link #getEncoded} lends the bytes themselves. Whoever used them looks at {@link
   * #isDestroyed} afterwards, since they may have been wiped meanwhile.
   */
  static HeapKey lending(String algorithm, byte[] source) {
    return new HeapKey(algorithm, source, 0, source.length, true);
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
   * A copy, as the JDK's ciphers ask for; they wipe it themselves. The bytes themselves if this key
   * lends them.
   *
   * @throws IllegalStateException if the key was destroyed
   */
  @Override
  public byte[] getEncoded() {
    if (lends && !destroyed) {
      return bytes;
    }
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
