package io.unsealfs.memory;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unsealfs.crypto.Hkdf;
import io.unsealfs.crypto.Scrypt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Everything secret that opening a vector volume computes, derived once more to search for it. */
final class KeyTraces {
  /** Of a key, its halves are searched for: 16 bytes are no coincidence. */
  static final int PIECE = 16;

  private static final String CONTENT = "AES-GCM file content encryption";

  private KeyTraces() {}

  /** Secrets of the volume in {@code folder} by what they are called. */
  static Map<String, byte[]> of(Path folder, byte[] passphrase, byte[] masterKey)
      throws IOException, GeneralSecurityException {
    Map<String, String> config = members(folder.resolve("gocryptfs.conf"));
    byte[] kek =
        Scrypt.derive(
            passphrase,
            Base64.getDecoder().decode(config.get("Salt")),
            Integer.parseInt(String.valueOf(config.get("N"))),
            8,
            1,
            32);
    Map<String, byte[]> secrets = new LinkedHashMap<>();
    secrets.put("passphrase", passphrase);
    secrets.put("scrypt output", kek);
    secrets.put("wrapping key", derive(kek, CONTENT));
    secrets.put("master key", masterKey);
    secrets.put("HKDF extract", extract(masterKey));
    secrets.put("content key", derive(masterKey, CONTENT));
    secrets.put("name key", derive(masterKey, "EME filename encryption"));
    return secrets;
  }

  private static Map<String, String> members(Path file) throws IOException {
    Map<String, String> members = new LinkedHashMap<>();
    try (JsonParser json = new JsonFactory().createParser(Files.readAllBytes(file))) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token.isScalarValue() && json.currentName() != null) {
          members.put(json.currentName(), json.getText());
        }
      }
    }
    return members;
  }

  private static byte[] derive(byte[] key, String info) {
    return Hkdf.SHA256.derive(key, new byte[0], info.getBytes(StandardCharsets.US_ASCII), 32);
  }

  private static byte[] extract(byte[] key) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(new byte[32], "HmacSHA256"));
    return mac.doFinal(key);
  }

  /** The pieces of each secret as they may lie in memory. */
  static Map<String, byte[][]> pieces(Map<String, byte[]> secrets) {
    Map<String, byte[][]> pieces = new LinkedHashMap<>();
    secrets.forEach((name, secret) -> {
      byte[] head = Arrays.copyOf(secret, PIECE);
      if (name.equals("passphrase")) {
        pieces.put(name, new byte[][] {head, utf16(head)});
        return;
      }
      byte[] tail = Arrays.copyOfRange(secret, secret.length - PIECE, secret.length);
      pieces.put(
          name,
          new byte[][] {
            head,
            tail,
            // the words of an expanded AES key
            swapped(head),
            swapped(tail),
            HexFormat.of().formatHex(head).getBytes(StandardCharsets.US_ASCII)
          });
    });
    return pieces;
  }

  private static byte[] utf16(byte[] ascii) {
    return new String(ascii, StandardCharsets.US_ASCII).getBytes(StandardCharsets.UTF_16LE);
  }

  private static byte[] swapped(byte[] bytes) {
    byte[] swapped = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      swapped[i] = bytes[i ^ 3];
    }
    return swapped;
  }
}
