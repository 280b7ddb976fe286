package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.unsealfs.keyserver.AuditVerifier;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Audit logs whose last hash is known: nothing but the end of the real one may be taken. */
final class AuditTarget implements FuzzTarget {
  private final String good;
  private final String lastHash;

  AuditTarget() throws NoSuchAlgorithmException {
    StringBuilder log = new StringBuilder();
    String hash = "0".repeat(64);
    String[] rests = {
      "\"event\":\"begin\"}",
      "\"secret\":\"model\"}",
      "\"secret\":\"mod", // a crash
      "",
      "\"secret\":\"other\"}"
    };
    String before = hash;
    for (int i = 0; i < rests.length; i++) {
      String rest =
          rests[i].isEmpty()
              ? "\"event\":\"recovered\",\"after\":\"%s\",\"broken_lines\":[\"%s\"]}"
                  .formatted(before, hash)
              : rests[i];
      String line = "{\"seq\":%d,\"prev\":\"%s\",%s".formatted(i + 1, hash, rest);
      before = hash;
      hash =
          HexFormat.of()
              .formatHex(MessageDigest.getInstance("SHA-256").digest(line.getBytes(US_ASCII)));
      log.append(line).append('\n');
    }
    good = log.toString();
    lastHash = hash;
  }

  @Override
  public String name() {
    return "audit-log";
  }

  @Override
  public List<byte[]> corpus() {
    return List.of(good.getBytes(US_ASCII));
  }

  @Override
  public List<byte[]> words() {
    return List.of(
        "\n".getBytes(US_ASCII),
        "{\"seq\":1,\"prev\":\"".getBytes(US_ASCII),
        "\"event\":\"recovered\"".getBytes(US_ASCII),
        "\"broken_lines\":[]".getBytes(US_ASCII));
  }

  @Override
  public void feed(byte[] input) throws IOException {
    AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of());
    verifier.read(new ByteArrayInputStream(input), "fuzz");
    verifier.finish(Optional.of(lastHash));
    String text = new String(input, US_ASCII);
    if (!good.endsWith(text)) {
      throw new AssertionError("a changed log was taken: " + text);
    }
  }
}
