package io.unsealfs.key;

import java.util.Arrays;

/**
 * Credentials of an object store that came with a key, as a credentials file has them. They open
 * ciphertext only; still nothing shows them.
 */
public final class StoreGrant {
  /** Bytes of them at most: they travel in the terms of a secret. */
  public static final int BYTES_MAX = 3 << 10;

  private final byte[] content;

  /**
   * Copies {@code content}.
   *
   * @throws IllegalArgumentException if there is none, or too much
   */
  public StoreGrant(byte[] content) {
    if (content.length == 0 || content.length > BYTES_MAX) {
      throw new IllegalArgumentException("store credentials have 1 to " + BYTES_MAX + " bytes");
    }
    this.content = content.clone();
  }

  /** A copy of them; JSON or properties. */
  public byte[] content() {
    return content.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof StoreGrant grant && Arrays.equals(content, grant.content);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(content);
  }

  @Override
  public String toString() {
    return "StoreGrant";
  }
}
