package io.unsealfs.keyserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.jspecify.annotations.Nullable;

/**
 * How a passphrase becomes a {@link KeyEncryptionKey}: Argon2id (RFC 9106) with a salt and costs
 * that lie beside the wrapped secrets, in a file of one JSON object in exactly the form that {@link
 * #encode} writes. It also names the key, so that a mistyped passphrase shows at once. Nothing in
 * it is secret. Immutable.
 */
public final class PassphraseKdf {
  private static final String VERSION = "1";
  private static final Pattern OTHER_VERSION = Pattern.compile("[2-9]|[1-9][0-9]{1,8}");
  private static final String ALGORITHM = "argon2id";
  private static final int SALT_SIZE = 16;
  private static final int MAX_FILE_BYTES = 1024;

  // RFC 9106 section 4, the choice for machines that are short of memory
  private static final int MEMORY_KIB = 64 << 10;
  private static final int PASSES = 3;
  private static final int LANES = 4;

  // whoever can write the file may cost the server no more than this
  private static final int MIN_MEMORY_KIB = 8 << 10;
  private static final int MAX_MEMORY_KIB = 256 << 10;
  private static final int MAX_PASSES = 16;
  private static final int MAX_LANES = 16;

  private static final Pattern KEY_ID = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");
  private static final Set<String> MEMBERS =
      Set.of("version", "kdf", "memory_kib", "passes", "lanes", "salt", "key_id");
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final byte[] salt;
  private final int memoryKib;
  private final int passes;
  private final int lanes;
  private final String keyId;

  private PassphraseKdf(byte[] salt, int memoryKib, int passes, int lanes, String keyId) {
    this.salt = salt;
    this.memoryKib = memoryKib;
    this.passes = passes;
    this.lanes = lanes;
    this.keyId = keyId;
  }

  /** A fresh salt and today's costs for this passphrase. */
  public static PassphraseKdf create(Secret passphrase, SecretMemory memory) {
    byte[] salt = new byte[SALT_SIZE];
    new SecureRandom().nextBytes(salt);
    PassphraseKdf unnamed = new PassphraseKdf(salt, MEMORY_KIB, PASSES, LANES, "");
    try (KeyEncryptionKey key = unnamed.stretch(passphrase, memory)) {
      return new PassphraseKdf(salt, MEMORY_KIB, PASSES, LANES, key.id());
    }
  }

  /**
   * The key of this passphrase.
   *
   * @throws KeyServerConfigException if it is another passphrase than it was made for
   */
  public KeyEncryptionKey derive(Secret passphrase, SecretMemory memory)
      throws KeyServerConfigException {
    KeyEncryptionKey key = stretch(passphrase, memory);
    if (!key.id().equals(keyId)) {
      key.close();
      throw new KeyServerConfigException(
          "key-encryption key %s: the passphrase is not the one it was made from".formatted(keyId));
    }
    return key;
  }

  private KeyEncryptionKey stretch(Secret passphrase, SecretMemory memory) {
    byte[] key = new byte[KeyEncryptionKey.SIZE];
    try {
      Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
      argon2.init(
          new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
              .withVersion(Argon2Parameters.ARGON2_VERSION_13)
              .withMemoryAsKB(memoryKib)
              .withIterations(passes)
              .withParallelism(lanes)
              .withSalt(salt)
              .build());
      int _ = passphrase.use(bytes -> argon2.generateBytes(bytes, key));
      return KeyEncryptionKey.of(key, memory);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /** {@link KeyEncryptionKey#id} of the key. */
  public String keyId() {
    return keyId;
  }

  /** The bytes of its file. */
  public byte[] encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("version", VERSION);
      json.writeStringField("kdf", ALGORITHM);
      json.writeStringField("memory_kib", Integer.toString(memoryKib));
      json.writeStringField("passes", Integer.toString(passes));
      json.writeStringField("lanes", Integer.toString(lanes));
      json.writeStringField("salt", Base64.getEncoder().encodeToString(salt));
      json.writeStringField("key_id", keyId);
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException("an array takes whatever is written", e);
    }
    return out.toByteArray();
  }

  /**
   * Reads its file.
   *
   * @throws KeyServerConfigException if it is missing, not in its form, or asks for more than is
   *     allowed
   */
  public static PassphraseKdf read(Path file) throws KeyServerConfigException {
    return parse(
        OwnerOnlyFile.readPublic(file, "passphrase parameters", MAX_FILE_BYTES), file.toString());
  }

  /**
   * Reads the bytes of its file.
   *
   * @param source where they come from, for messages
   * @throws KeyServerConfigException if they are not exactly what {@link #encode} writes, or the
   *     costs are outside their bounds
   */
  public static PassphraseKdf parse(byte[] file, String source) throws KeyServerConfigException {
    Map<String, String> members = members(file, source);
    String version = members.getOrDefault("version", "");
    if (OTHER_VERSION.matcher(version).matches()) {
      throw new KeyServerConfigException(
          "%s: has format %s, and this program knows only format %s; use a newer one"
              .formatted(source, version, VERSION));
    }
    if (!members.keySet().equals(MEMBERS)
        || !VERSION.equals(version)
        || !ALGORITHM.equals(members.get("kdf"))) {
      throw malformed(source, "not parameters of version 1 for argon2id", null);
    }
    byte[] salt;
    try {
      salt = Base64.getDecoder().decode(members.getOrDefault("salt", ""));
    } catch (IllegalArgumentException e) {
      throw malformed(source, "the salt is not Base64", e);
    }
    int lanes = number(members, "lanes", 1, MAX_LANES, source);
    PassphraseKdf kdf =
        new PassphraseKdf(
            salt,
            number(members, "memory_kib", MIN_MEMORY_KIB, MAX_MEMORY_KIB, source),
            number(members, "passes", 1, MAX_PASSES, source),
            lanes,
            members.getOrDefault("key_id", ""));
    if (salt.length != SALT_SIZE || !KEY_ID.matcher(kdf.keyId).matches()) {
      throw malformed(source, "the salt or the key's id has another length", null);
    }
    if (!Arrays.equals(kdf.encode(), file)) {
      throw malformed(source, "not in the form it was written in", null);
    }
    return kdf;
  }

  private static Map<String, String> members(byte[] file, String source)
      throws KeyServerConfigException {
    Map<String, String> members = new HashMap<>();
    try (JsonParser json = JSON.createParser(file)) {
      if (file.length > MAX_FILE_BYTES || json.nextToken() != JsonToken.START_OBJECT) {
        throw malformed(source, "not a small JSON object", null);
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String member = json.currentName();
        if (json.nextToken() != JsonToken.VALUE_STRING) {
          throw malformed(source, "a member is not text", null);
        }
        members.put(member, json.getText());
      }
      return members;
    } catch (KeyServerConfigException e) {
      throw e;
    } catch (IOException e) {
      throw malformed(source, "not valid JSON", e);
    }
  }

  private static int number(
      Map<String, String> members, String member, int min, int max, String source)
      throws KeyServerConfigException {
    String text = members.getOrDefault(member, "");
    if (NUMBER.matcher(text).matches()) {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    }
    throw malformed(source, member + " is not within %d and %d".formatted(min, max), null);
  }

  private static KeyServerConfigException malformed(
      String source, String why, @Nullable Throwable cause) {
    String message = "passphrase parameters " + source + ": " + why;
    return cause == null
        ? new KeyServerConfigException(message)
        : new KeyServerConfigException(message, cause);
  }
}
