package io.unsealfs.verify.policy;

import io.unsealfs.yaml.YamlException;
import io.unsealfs.yaml.YamlMapping;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A policy file: for each secret what has to be shown for it. Immutable. */
public final class Policy {
  /** Larger policies are refused. */
  public static final int MAX_BYTES = 1 << 20;

  private static final int MAX_SECRETS = 4096;

  private final Map<String, SecretPolicy> secrets;

  private Policy(Map<String, SecretPolicy> secrets) {
    this.secrets = secrets;
  }

  /**
   * Reads a policy file.
   *
   * @throws YamlException if it says anything that is not understood or that passes more than it
   *     admits; one line, which names the line
   * @throws IOException if it cannot be read
   */
  public static Policy read(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException("policy " + file + ": no such file");
    } catch (IOException e) {
      throw new IOException("policy " + file + ": cannot be read", e);
    }
    return parse(bytes, "policy " + file);
  }

  /**
   * Reads a policy.
   *
   * @param source what it is, for messages
   * @throws YamlException as in {@link #read}
   */
  public static Policy parse(byte[] utf8, String source) throws YamlException {
    if (utf8.length > MAX_BYTES) {
      throw new YamlException("%s: larger than the %d bytes allowed".formatted(source, MAX_BYTES));
    }
    YamlMapping yaml = YamlMapping.read(utf8, source);
    if (!yaml.text("version").equals("1")) {
      throw yaml.bad("version", "must be 1, the only one this release knows");
    }
    Map<String, SecretPolicy> secrets = new LinkedHashMap<>();
    for (YamlMapping entry : yaml.mappings("secrets")) {
      SecretPolicy secret = PolicyReader.secret(entry);
      if (secrets.put(secret.name(), secret) != null) {
        throw entry.bad("name", "is used by another secret already");
      }
    }
    if (secrets.isEmpty() || secrets.size() > MAX_SECRETS) {
      throw yaml.bad("secrets", "must list 1 to " + MAX_SECRETS + " secrets");
    }
    yaml.finish();
    return new Policy(secrets);
  }

  /** What has to be shown for a secret; empty if the policy does not speak of it. */
  public Optional<SecretPolicy> forSecret(String name) {
    return Optional.ofNullable(secrets.get(name));
  }

  /** The secrets it speaks of, in the file's order. */
  public List<String> secrets() {
    return List.copyOf(secrets.keySet());
  }

  /** Every secret's policy, in the file's order. */
  public List<SecretPolicy> all() {
    return new ArrayList<>(secrets.values());
  }
}
