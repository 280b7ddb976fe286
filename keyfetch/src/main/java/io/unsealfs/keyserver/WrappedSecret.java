package io.unsealfs.keyserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.unsealfs.key.wire.SecretName;
import io.unsealfs.key.wire.WireException;
import io.unsealfs.key.wire.WireLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/**
 * A secret encrypted with AES-256-GCM under a {@link KeyEncryptionKey}, and its file: one JSON
 * object, in exactly the form that {@link #encode} writes (no second spelling is read). The
 * secret's name, the key's id and the version are authenticated, so that a file cannot stand in for
 * another. Immutable; holds no plaintext.
 */
public final class WrappedSecret {
  /** Base64 of the longest secret and everything around it. */
  static final int MAX_FILE_BYTES = WireLimits.MAX_SECRET_BYTES * 3 / 2 + 4096;

  private static final String VERSION = "1";
  private static final String ALGORITHM = "AES-256-GCM";
  private static final String LABEL = "unsealfs keyserver v1 wrapped secret";
  private static final int NONCE_SIZE = 12;
  private static final int TAG_SIZE = 16;
  private static final Pattern KEY_ID = Pattern.compile("[0-9a-f]{32}");
  private static final Set<String> MEMBERS =
      Set.of("version", "algorithm", "name", "key_id", "nonce", "ciphertext");
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String name;
  private final String keyId;
  private final byte[] nonce;
  private final byte[] ciphertext;

  private WrappedSecret(String name, String keyId, byte[] nonce, byte[] ciphertext) {
    this.name = name;
    this.keyId = keyId;
    this.nonce = nonce;
    this.ciphertext = ciphertext;
  }

  /**
   * Encrypts {@code plaintext}, which the caller wipes, as the secret {@code name}.
   *
   * @throws KeyServerConfigException if the name or the length is not allowed
   */
  public static WrappedSecret wrap(String name, byte[] plaintext, KeyEncryptionKey key)
      throws KeyServerConfigException {
    if (!isName(name)) {
      throw new KeyServerConfigException(
          "a secret's name has 1 to "
              + WireLimits.MAX_NAME_BYTES
              + " bytes and no control characters");
    }
    if (plaintext.length == 0 || plaintext.length > WireLimits.MAX_SECRET_BYTES) {
      throw new KeyServerConfigException(
          "secret %s: has %d bytes, must have 1 to %d"
              .formatted(name, plaintext.length, WireLimits.MAX_SECRET_BYTES));
    }
    byte[] nonce = new byte[NONCE_SIZE];
    new SecureRandom().nextBytes(nonce);
    try {
      byte[] associatedData = associatedData(name, key.id());
      return new WrappedSecret(
          name, key.id(), nonce, key.crypt(Cipher.ENCRYPT_MODE, nonce, associatedData, plaintext));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot encrypt with " + ALGORITHM, e);
    }
  }

  /**
   * Decrypts it; the caller wipes the answer.
   *
   * @param expectedName the name it must have been wrapped for
   * @throws KeyServerConfigException if it is another secret, under another key, or was changed
   */
  public byte[] unwrap(String expectedName, KeyEncryptionKey key) throws KeyServerConfigException {
    if (!name.equals(expectedName)) {
      throw new KeyServerConfigException(
          "secret %s: its file holds another secret; see that \"file\" names the right one"
              .formatted(expectedName));
    }
    if (!keyId.equals(key.id())) {
      throw new KeyServerConfigException(
          "secret %s: wrapped under key %s, but the key-encryption key is %s"
              .formatted(name, keyId, key.id()));
    }
    try {
      return key.crypt(Cipher.DECRYPT_MODE, nonce, associatedData(name, keyId), ciphertext);
    } catch (GeneralSecurityException e) {
      throw new KeyServerConfigException(
          "secret %s: its file was changed; restore it or add the secret again".formatted(name), e);
    }
  }

  /** The name it was wrapped for. */
  public String name() {
    return name;
  }

  /** {@link KeyEncryptionKey#id} of the key it is wrapped under. */
  public String keyId() {
    return keyId;
  }

  /** Whether {@code name} can name a secret. */
  static boolean isName(String name) {
    try {
      SecretName.parse(name);
      return true;
    } catch (WireException e) {
      return false;
    }
  }

  /** The bytes of its file. */
  public byte[] encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("version", VERSION);
      json.writeStringField("algorithm", ALGORITHM);
      json.writeStringField("name", name);
      json.writeStringField("key_id", keyId);
      json.writeBinaryField("nonce", nonce);
      json.writeBinaryField("ciphertext", ciphertext);
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  /**
   * Reads a file's bytes.
   *
   * @param source the file's name, for messages
   * @throws KeyServerConfigException if they are not exactly what {@link #encode} writes
   */
  public static WrappedSecret parse(byte[] file, String source) throws KeyServerConfigException {
    if (file.length > MAX_FILE_BYTES) {
      throw malformed(source, "too large", null);
    }
    Map<String, String> members = new HashMap<>();
    boolean unknown = false;
    byte[] nonce = {};
    byte[] ciphertext = {};
    try (JsonParser json = JSON.createParser(file)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw malformed(source, "not a JSON object", null);
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String member = json.currentName();
        if (json.nextToken() != JsonToken.VALUE_STRING || !MEMBERS.contains(member)) {
          unknown = true; // said once it is clear that no newer program wrote it
          json.skipChildren();
          continue;
        }
        members.put(member, json.getText());
        switch (member) {
          case "nonce" -> nonce = json.getBinaryValue();
          case "ciphertext" -> ciphertext = json.getBinaryValue();
          default -> {}
        }
      }
    } catch (KeyServerConfigException e) {
      throw e;
    } catch (IOException e) {
      throw malformed(source, "not valid JSON", e);
    }
    String version = members.getOrDefault("version", "");
    if (version.matches("[0-9]{1,9}") && !version.equals(VERSION)) {
      throw malformed(
          source,
          "has format %s, and this program knows only format %s; use a newer one"
              .formatted(version, VERSION),
          null);
    }
    if (unknown) {
      throw malformed(source, "a member that is not known", null);
    }
    if (!members.keySet().equals(MEMBERS)) {
      throw malformed(source, "a member is missing", null);
    }
    String algorithm = members.getOrDefault("algorithm", "");
    if (!version.equals(VERSION) || !algorithm.equals(ALGORITHM)) {
      throw malformed(source, "only version 1 with " + ALGORITHM + " is known", null);
    }
    if (nonce.length != NONCE_SIZE
        || ciphertext.length <= TAG_SIZE
        || ciphertext.length > WireLimits.MAX_SECRET_BYTES + TAG_SIZE) {
      throw malformed(source, "a length is out of range", null);
    }
    String name = members.getOrDefault("name", "");
    WrappedSecret secret =
        new WrappedSecret(name, members.getOrDefault("key_id", ""), nonce, ciphertext);
    if (!KEY_ID.matcher(secret.keyId).matches()) {
      // it is shown in messages, so it must not be able to break a line
      throw malformed(source, "key_id is not the id of a key", null);
    }
    if (!isName(name) || !Arrays.equals(secret.encode(), file)) {
      throw malformed(source, "not in the form it was written in", null);
    }
    return secret;
  }

  /**
   * Reads a wrapped secret's file.
   *
   * @throws KeyServerConfigException if it is missing, open to others or malformed
   */
  public static WrappedSecret read(Path file) throws KeyServerConfigException {
    return parse(OwnerOnlyFile.readSecret(file, "wrapped secret", MAX_FILE_BYTES), file.toString());
  }

  /**
   * Writes the file so that it appears whole or not at all, readable by its owner only; an existing
   * one is replaced.
   */
  public void writeTo(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new KeyServerConfigException("wrapped secret " + file + ": is a directory");
    }
    Path fresh =
        Files.createTempFile(
            directory,
            ".wrapped-",
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(encode());
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
    // so that the name survives a crash as well
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public String toString() {
    return "WrappedSecret[" + name + " under " + keyId + "]";
  }

  private static byte[] associatedData(String name, String keyId) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    // each part is preceded by its length: plain concatenation would be ambiguous
    for (String part : new String[] {LABEL, VERSION, ALGORITHM, keyId, name}) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  private static KeyServerConfigException malformed(
      String source, String why, @Nullable Throwable cause) {
    String message = "wrapped secret " + source + ": " + why;
    return cause == null
        ? new KeyServerConfigException(message)
        : new KeyServerConfigException(message, cause);
  }
}
