package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.keyserver.StoredSecret;
import io.unsealfs.keyserver.StoredSecret.Version;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What the store's commands print about secrets: everything but the secret. */
final class SecretReport {
  private static final String RELEASED = "released";

  private SecretReport() {}

  /** A line per secret. */
  static String lines(List<StoredSecret> secrets, Instant now) {
    StringBuilder text = new StringBuilder();
    for (StoredSecret secret : secrets) {
      Optional<Version> released = secret.released(now);
      text.append(
          "%s: %s, %s%n"
              .formatted(
                  secret.name(),
                  released.isPresent()
                      ? "version " + released.get().number() + " of " + secret.versions().size()
                      : "not released, newest is "
                          + secret.versions().getLast().obstacle(now).orElse(RELEASED),
                  evidence(secret)));
    }
    return text.toString();
  }

  /** A secret and its versions, a line each. */
  static String lines(StoredSecret secret, Instant now) {
    int released = secret.released(now).map(Version::number).orElse(0);
    StringBuilder text = new StringBuilder("%s: %s%n".formatted(secret.name(), evidence(secret)));
    for (Version version : secret.versions()) {
      text.append(
          "  version %d: %s, added %s%s%s%s%s%s%s%s%n"
              .formatted(
                  version.number(),
                  version.number() == released
                      ? RELEASED
                      : version.obstacle(now).orElse("superseded"),
                  version.createdAt(),
                  said(", not before ", version.notBefore()),
                  said(", not after ", version.notAfter()),
                  said(", expires at ", version.terms().expiry()),
                  said(
                      ", lent for ",
                      version.terms().lease().expiresAfter().map(SecretReport::seconds)),
                  said(
                      ", renewed every ",
                      version.terms().lease().renewEvery().map(SecretReport::seconds)),
                  said(", volume ", version.terms().volumeDigest()),
                  said(", header ", version.terms().headerDigest())));
    }
    return text.toString();
  }

  private static String evidence(StoredSecret secret) {
    return secret.evidence().isEmpty()
        ? "by policy"
        : "by " + String.join(", ", secret.evidence()) + " evidence";
  }

  private static String seconds(Duration duration) {
    return duration.toSeconds() + "s";
  }

  private static String said(String label, Optional<?> value) {
    return value.isEmpty() ? "" : label + value.get();
  }

  /** An array of what {@link #json(StoredSecret, Instant)} prints of each. */
  static String json(List<StoredSecret> secrets, Instant now) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartArray();
      for (StoredSecret secret : secrets) {
        write(out, secret, now);
      }
      out.writeEndArray();
    }
    return text + "\n";
  }

  /** One object. */
  static String json(StoredSecret secret, Instant now) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      write(out, secret, now);
    }
    return text + "\n";
  }

  private static void write(JsonGenerator out, StoredSecret secret, Instant now)
      throws IOException {
    out.writeStartObject();
    out.writeStringField("name", secret.name());
    out.writeArrayFieldStart("evidence");
    for (String type : secret.evidence().stream().sorted().toList()) {
      out.writeString(type);
    }
    out.writeEndArray();
    Optional<Version> released = secret.released(now);
    if (released.isPresent()) {
      out.writeNumberField("released_version", released.get().number());
    }
    out.writeArrayFieldStart("versions");
    for (Version version : secret.versions()) {
      out.writeStartObject();
      out.writeNumberField("number", version.number());
      out.writeStringField("state", version.state().word());
      out.writeStringField("created_at", version.createdAt().toString());
      write(out, "not_before", version.notBefore());
      write(out, "not_after", version.notAfter());
      write(out, "expires_at", version.terms().expiry());
      write(out, "lease_expires_after_seconds", version.terms().lease().expiresAfter());
      write(out, "lease_renew_every_seconds", version.terms().lease().renewEvery());
      write(out, "volume_digest", version.terms().volumeDigest());
      write(out, "header_digest", version.terms().headerDigest());
      out.writeEndObject();
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, String name, Optional<?> value) throws IOException {
    if (value.isPresent() && value.get() instanceof Duration duration) {
      out.writeNumberField(name, duration.toSeconds());
    } else if (value.isPresent()) {
      out.writeStringField(name, value.get().toString());
    }
  }
}
