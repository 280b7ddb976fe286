package io.unsealfs.keyserver;

import io.unsealfs.key.SecretMemory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The 32-byte key under which secrets are kept. What encrypts and what names the key are both
 * derived from it with HKDF-SHA256 under labels of their own, so its name says nothing about it.
 * Thread-safe; wiped by {@link #close}.
 */
public final class KeyEncryptionKey implements AutoCloseable {
  /** Length of the key in bytes. */
  public static final int SIZE = 32;

  private static final String WRAP_LABEL = "unsealfs keyserver v1 wrap";
  private static final String ID_LABEL = "unsealfs keyserver v1 key id";
  private static final int ID_SIZE = 16;
  private static final int TAG_BITS = 128;

  /** A key in hexadecimal and a line end is the longest file. */
  private static final int MAX_FILE_BYTES = 2 * SIZE + 2;

  private final SecretMemory.Region wrappingKey;
  private final String id;

  private KeyEncryptionKey(byte[] key, SecretMemory memory) {
    byte[] derived = derive(key, WRAP_LABEL, SIZE);
    this.wrappingKey = memory.copyOf(derived);
    Arrays.fill(derived, (byte) 0);
    this.id = HexFormat.of().formatHex(derive(key, ID_LABEL, ID_SIZE));
  }

  private KeyEncryptionKey(SecretMemory.Region wrappingKey, String id) {
    this.wrappingKey = wrappingKey;
    this.id = id;
  }

  /** The key with these 32 bytes, which the caller wipes, kept in {@code memory}. */
  public static KeyEncryptionKey of(byte[] key, SecretMemory memory) {
    if (key.length != SIZE) {
      throw new IllegalArgumentException("a key-encryption key has 32 bytes");
    }
    return new KeyEncryptionKey(key, memory);
  }

  /** A fresh random key, for secrets that live only in this process. */
  static KeyEncryptionKey ephemeral(SecretMemory memory) {
    byte[] key = new byte[SIZE];
    new SecureRandom().nextBytes(key);
    try {
      return new KeyEncryptionKey(key, memory);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /**
   * Reads a key file: 32 bytes, or their 64 hexadecimal digits and at most one line end.
   *
   * @throws KeyServerConfigException if it is missing, open to others or of another length
   */
  public static KeyEncryptionKey read(Path file, SecretMemory memory)
      throws KeyServerConfigException {
    byte[] content = OwnerOnlyFile.readSecret(file, "key-encryption key", MAX_FILE_BYTES);
    byte[] key = new byte[SIZE];
    try {
      if (content.length == SIZE) {
        System.arraycopy(content, 0, key, 0, SIZE);
      } else if (!decodeHex(content, key)) {
        throw new KeyServerConfigException(
            "key-encryption key "
                + file
                + ": must be 32 bytes or 64 hexadecimal digits; make one with"
                + " \"openssl rand -hex 32\"");
      }
      return new KeyEncryptionKey(key, memory);
    } finally {
      Arrays.fill(content, (byte) 0);
      Arrays.fill(key, (byte) 0);
    }
  }

  /** The same key, to be closed by itself. */
  synchronized KeyEncryptionKey copy(SecretMemory memory) {
    return new KeyEncryptionKey(wrappingKey.use(memory::copyOf), id);
  }

  /** Names the key: 32 hexadecimal digits that reveal nothing of it. */
  public String id() {
    return id;
  }

  /** AES-256-GCM with this key; {@code mode} is one of {@link Cipher}'s. */
  synchronized byte[] crypt(int mode, byte[] nonce, byte[] associatedData, byte[] input)
      throws GeneralSecurityException {
    SecretKey key = wrappingKey.use(bytes -> new SecretKeySpec(bytes, "AES"));
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(associatedData);
    return cipher.doFinal(input);
  }

  @Override
  public synchronized void close() {
    wrappingKey.close();
  }

  @Override
  public String toString() {
    return "KeyEncryptionKey[" + id + "]";
  }

  private static byte[] derive(byte[] key, String label, int size) {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(key)
                  .thenExpand(label.getBytes(StandardCharsets.UTF_8), size));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK lacks HKDF-SHA256", e);
    }
  }

  /** Digit by digit, because a String of them could not be wiped. */
  private static boolean decodeHex(byte[] text, byte[] out) {
    int end = text.length;
    if (end > 0 && text[end - 1] == '\n') {
      end--;
    }
    if (end > 0 && end < text.length && text[end - 1] == '\r') {
      end--;
    }
    if (end != 2 * out.length) {
      return false;
    }
    for (int i = 0; i < out.length; i++) {
      int high = Character.digit(text[2 * i], 16);
      int low = Character.digit(text[2 * i + 1], 16);
      if (high < 0 || low < 0) {
        return false;
      }
      out[i] = (byte) (high << 4 | low);
    }
    return true;
  }
}
