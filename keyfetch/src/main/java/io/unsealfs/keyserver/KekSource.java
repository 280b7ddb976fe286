package io.unsealfs.keyserver;

import io.unsealfs.key.KeyReading;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.yaml.YamlException;
import io.unsealfs.yaml.YamlMapping;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where a key-encryption key comes from: one entry of {@code keks} in the configuration. Never
 * holds a key.
 *
 * @param key a reference as {@code --key} takes it; a relative {@code file:} was resolved
 * @param kdf a {@link PassphraseKdf} file: what the reference leads to is a passphrase; empty if it
 *     is the key itself
 * @param trust how a remote service is recognised
 * @param attester who makes evidence for a remote service
 */
public record KekSource(KeyReference key, Optional<Path> kdf, ServerTrust trust, String attester) {
  private static final int MAX_SOURCES = 16;
  private static final Set<String> ATTESTERS = Set.of("auto", "tdx", "none", "sample");

  /** The key in a file, as {@code kek_file} names it. */
  public static KekSource file(Path file) {
    return new KekSource(
        new KeyReference("file", file.toString(), KeyReading.MASTERKEY, "file:" + file),
        Optional.empty(),
        new ServerTrust(Optional.empty(), List.of(), false),
        "auto");
  }

  /** Whether it is a file with nothing but the key, as {@link KeyEncryptionKey#read} reads it. */
  boolean isKeyFile() {
    return key.scheme().equals("file") && kdf.isEmpty() && key.reading() == KeyReading.MASTERKEY;
  }

  /** Whether it can be asked for only once, so that a reload has to keep what it gave. */
  boolean givesOnce() {
    return key.scheme().equals("fd") || key.scheme().equals("prompt");
  }

  /**
   * Reads {@code kek_file} or {@code keks}; empty if there is neither.
   *
   * @param base the directory that relative paths count from
   */
  static List<KekSource> read(YamlMapping yaml, Path base) throws YamlException {
    if (!yaml.has("keks")) {
      return yaml.has("kek_file")
          ? List.of(file(path(yaml, "kek_file", yaml.text("kek_file"), base)))
          : List.of();
    }
    if (yaml.has("kek_file")) {
      throw yaml.bad("keks", "and kek_file both name keys; move the file into keks");
    }
    List<KekSource> sources = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (YamlMapping entry : yaml.mappings("keks")) {
      KekSource source = source(entry, base);
      if (!seen.add(source.key.text() + " " + source.kdf)) {
        throw entry.bad("key", "is listed twice");
      }
      sources.add(source);
    }
    if (sources.isEmpty() || sources.size() > MAX_SOURCES) {
      throw yaml.bad("keks", "must list 1 to " + MAX_SOURCES + " keys, the one that wraps first");
    }
    return List.copyOf(sources);
  }

  private static KekSource source(YamlMapping entry, Path base) throws YamlException {
    Optional<Path> kdf =
        entry.has("kdf")
            ? Optional.of(path(entry, "kdf", entry.text("kdf"), base))
            : Optional.empty();
    KeyReference key = reference(entry, base, kdf.isEmpty());
    Optional<Path> ca =
        entry.has("server_ca")
            ? Optional.of(path(entry, "server_ca", entry.text("server_ca"), base))
            : Optional.empty();
    List<String> pins = entry.has("server_pin") ? entry.texts("server_pin") : List.of();
    String attester = entry.optionalText("attester").orElse("auto");
    if (!ATTESTERS.contains(attester)) {
      throw entry.bad("attester", "must be auto, tdx, none or sample");
    }
    ServerTrust trust = new ServerTrust(ca, pins, entry.flag("insecure_server"));
    entry.finish();
    return new KekSource(key, kdf, trust, attester);
  }

  private static KeyReference reference(YamlMapping entry, Path base, boolean isKey)
      throws YamlException {
    try {
      KeyReference given = KeyReference.parse(entry.text("key"));
      // a key is not text: what would be read as a passphrase is 32 bytes or their digits
      KeyReading reading =
          isKey && given.reading() == KeyReading.PASSPHRASE
              ? KeyReading.MASTERKEY
              : given.reading();
      String body =
          given.scheme().equals("file")
              ? path(entry, "key", given.body(), base).toString()
              : given.body();
      return new KeyReference(given.scheme(), body, reading, given.text());
    } catch (KeyReferenceException e) {
      YamlException bad = entry.bad("key", "is no key reference: " + e.getMessage());
      bad.initCause(e);
      throw bad;
    }
  }

  private static Path path(YamlMapping yaml, String key, String text, Path base)
      throws YamlException {
    try {
      return base.resolve(text);
    } catch (InvalidPathException e) {
      YamlException bad = yaml.bad(key, "is not a path");
      bad.initCause(e);
      throw bad;
    }
  }
}
