package io.unsealfs.keyserver;

import io.unsealfs.key.wire.PskProof;
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
 * What the configuration says about who may call, besides what their evidence says. Names files but
 * holds none of their content.
 *
 * @param clientAuthorities PEM file of the authorities of client certificates; none are asked for
 *     if empty
 * @param certificateRequired whether a caller without a certificate is turned away
 * @param preSharedKeys what callers can prove to hold
 */
public record Callers(
    Optional<Path> clientAuthorities,
    boolean certificateRequired,
    List<PreSharedKey> preSharedKeys) {
  private static final int MAX_KEYS = 4096;

  /** Copies the list. */
  public Callers {
    preSharedKeys = List.copyOf(preSharedKeys);
  }

  /**
   * A pre-shared key.
   *
   * @param id what callers and policies call it
   * @param file where it lies
   * @param isWrapped whether the file is a {@link WrappedSecret} and not the bare key
   */
  public record PreSharedKey(String id, Path file, boolean isWrapped) {
    /** The name a wrapped key was wrapped for. */
    public String wrappedName() {
      return "psk:" + id;
    }
  }

  /**
   * Reads {@code client_ca}, {@code client_auth} and {@code psks}.
   *
   * @param base what relative paths count from
   * @param hasKek whether wrapped keys can be opened
   */
  static Callers read(YamlMapping yaml, Path base, boolean hasKek) throws YamlException {
    Optional<Path> authorities =
        yaml.has("client_ca") ? Optional.of(path(yaml, "client_ca", base)) : Optional.empty();
    Optional<String> auth = yaml.optionalText("client_auth");
    if (auth.isPresent() && authorities.isEmpty()) {
      throw yaml.bad("client_auth", "needs client_ca beside it");
    }
    boolean required =
        switch (auth.orElse("required")) {
          case "required" -> authorities.isPresent();
          case "optional" -> false;
          default -> throw yaml.bad("client_auth", "must be optional or required");
        };
    List<PreSharedKey> keys = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (YamlMapping entry : yaml.mappings("psks")) {
      PreSharedKey key = key(entry, base, hasKek);
      if (!ids.add(key.id())) {
        throw entry.bad("id", "is used by another key already");
      }
      keys.add(key);
    }
    if (keys.size() > MAX_KEYS) {
      throw yaml.bad("psks", "must list at most " + MAX_KEYS + " keys");
    }
    return new Callers(authorities, required, keys);
  }

  private static PreSharedKey key(YamlMapping entry, Path base, boolean hasKek)
      throws YamlException {
    String id = entry.text("id");
    if (!PskProof.isId(id)) {
      throw entry.bad("id", "must have 1 to 64 letters, digits, dots, dashes or underscores");
    }
    boolean wrapped = entry.has("wrapped_file");
    if (wrapped == entry.has("file")) {
      throw entry.bad("file", "or wrapped_file must be given (one of them, not both)");
    }
    if (wrapped && !hasKek) {
      throw entry.bad("wrapped_file", "needs kek_file or keks at the top level");
    }
    PreSharedKey key =
        new PreSharedKey(id, path(entry, wrapped ? "wrapped_file" : "file", base), wrapped);
    entry.finish();
    return key;
  }

  private static Path path(YamlMapping yaml, String key, Path base) throws YamlException {
    try {
      return base.resolve(yaml.text(key));
    } catch (InvalidPathException e) {
      YamlException bad = yaml.bad(key, "is not a path");
      bad.initCause(e);
      throw bad;
    }
  }
}
