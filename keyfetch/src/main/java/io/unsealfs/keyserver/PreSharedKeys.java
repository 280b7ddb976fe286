package io.unsealfs.keyserver;

import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.wire.PskProof;
import io.unsealfs.key.wire.Transcript;
import io.unsealfs.key.wire.WireException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The keys that callers can prove to hold. Thread-safe; wiped by {@link #close}. */
final class PreSharedKeys implements AutoCloseable {
  private final Map<String, SecretMemory.Region> keys;

  /** Stands for keys that do not exist, so that asking for one takes as long as for another. */
  private final SecretMemory.Region nobody;

  private PreSharedKeys(Map<String, SecretMemory.Region> keys, SecretMemory.Region nobody) {
    this.keys = keys;
    this.nobody = nobody;
  }

  /**
   * Reads every key.
   *
   * @param keks open wrapped ones
   * @throws KeyServerConfigException if a file cannot be used, or holds a key that can be guessed
   */
  static PreSharedKeys load(
      List<Callers.PreSharedKey> configured, KeyEncryptionKeys keks, SecretMemory memory)
      throws KeyServerConfigException {
    byte[] random = new byte[PskProof.BYTES];
    new SecureRandom().nextBytes(random);
    PreSharedKeys loaded = new PreSharedKeys(new HashMap<>(), memory.copyOf(random));
    try {
      for (Callers.PreSharedKey one : configured) {
        loaded.keys.put(one.id(), read(one, keks, memory));
      }
      return loaded;
    } catch (KeyServerConfigException e) {
      loaded.close();
      throw e;
    }
  }

  private static SecretMemory.Region read(
      Callers.PreSharedKey one, KeyEncryptionKeys keks, SecretMemory memory)
      throws KeyServerConfigException {
    byte[] content =
        one.isWrapped()
            ? unwrap(one, keks)
            : OwnerOnlyFile.readSecret(one.file(), "pre-shared key", PskProof.MAX_KEY_BYTES + 1);
    byte[] key = {};
    try {
      key = PskProof.key(content);
      return memory.copyOf(key);
    } catch (WireException e) {
      throw new KeyServerConfigException(
          "pre-shared key %s: %s: %s".formatted(one.id(), one.file(), e.getMessage()), e);
    } finally {
      Arrays.fill(content, (byte) 0);
      Arrays.fill(key, (byte) 0);
    }
  }

  private static byte[] unwrap(Callers.PreSharedKey one, KeyEncryptionKeys keks)
      throws KeyServerConfigException {
    WrappedSecret wrapped = WrappedSecret.read(one.file());
    return wrapped.unwrap(one.wrappedName(), keks.of(wrapped));
  }

  /** Whether {@code proof} shows, for this conversation, that the caller holds key {@code id}. */
  boolean proves(String id, byte[] proof, Transcript transcript) {
    if (!PskProof.isId(id)) {
      return false;
    }
    SecretMemory.Region key = keys.get(id);
    byte[] expected = (key == null ? nobody : key).use(bytes -> PskProof.of(bytes, id, transcript));
    return MessageDigest.isEqual(expected, proof) && key != null;
  }

  @Override
  public void close() {
    keys.values().forEach(SecretMemory.Region::close);
    nobody.close();
  }
}
