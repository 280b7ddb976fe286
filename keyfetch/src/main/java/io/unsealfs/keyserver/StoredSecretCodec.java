package io.unsealfs.keyserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.keyserver.StoredSecret.State;
import io.unsealfs.keyserver.StoredSecret.Version;
import io.unsealfs.keyserver.store.StoreException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * {@link StoredSecret} to and from JSON. A member that is not known is refused: whatever a newer
 * program meant to restrict by it must not be lost in silence. The terms are kept in the form in
 * which they travel.
 */
final class StoredSecretCodec {
  private static final int MAX_EVIDENCE_TYPES = 16;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private StoredSecretCodec() {}

  static byte[] encode(StoredSecret secret) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("name", secret.name());
      json.writeArrayFieldStart("evidence");
      for (String type : secret.evidence().stream().sorted().toList()) {
        json.writeString(type);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("versions");
      for (Version version : secret.versions()) {
        write(json, version);
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator json, Version version) throws IOException {
    json.writeStartObject();
    json.writeNumberField("number", version.number());
    json.writeStringField("state", version.state().word());
    json.writeStringField("created_at", version.createdAt().toString());
    if (version.notBefore().isPresent()) {
      json.writeStringField("not_before", version.notBefore().get().toString());
    }
    if (version.notAfter().isPresent()) {
      json.writeStringField("not_after", version.notAfter().get().toString());
    }
    json.writeBinaryField("terms", TermsCodec.encode(version.terms()));
    json.writeBinaryField("wrapped", version.wrapped());
    json.writeEndObject();
  }

  /**
   * Reads a record.
   *
   * @param name the secret it must be of
   * @param place the store, for messages
   * @throws StoreException if it is anything else
   */
  static StoredSecret decode(byte[] record, String name, String place) throws StoreException {
    try (JsonParser json = JSON.createParser(record)) {
      StoredSecret secret = secret(json);
      if (json.nextToken() != null || !secret.name().equals(name)) {
        throw new IOException("another secret, or something behind it");
      }
      return secret;
    } catch (IOException | DateTimeException | IllegalArgumentException e) {
      throw new StoreException(
          "secret %s in store %s: its record is not in a form that this program knows; use a newer one"
              .formatted(name, place),
          e);
    }
  }

  private static StoredSecret secret(JsonParser json) throws IOException {
    expect(json.nextToken() == JsonToken.START_OBJECT);
    String name = "";
    Set<String> evidence = new HashSet<>();
    List<Version> versions = new ArrayList<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String member = json.currentName();
      JsonToken value = json.nextToken();
      switch (member) {
        case "name" -> name = text(json);
        case "evidence" -> {
          expect(value == JsonToken.START_ARRAY);
          while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(evidence.add(text(json)) && evidence.size() <= MAX_EVIDENCE_TYPES);
          }
        }
        case "versions" -> {
          expect(value == JsonToken.START_ARRAY);
          while (json.nextToken() != JsonToken.END_ARRAY) {
            Version version = version(json);
            expect(versions.isEmpty() || versions.getLast().number() < version.number());
            versions.add(version);
            expect(versions.size() <= StoredSecret.MAX_VERSIONS);
          }
        }
        default -> throw new IOException("unknown member");
      }
    }
    expect(json.currentToken() == JsonToken.END_OBJECT && !versions.isEmpty());
    return new StoredSecret(name, evidence, versions);
  }

  private static Version version(JsonParser json) throws IOException {
    expect(json.currentToken() == JsonToken.START_OBJECT);
    int number = 0;
    byte[] terms = {};
    byte[] wrapped = {};
    Map<String, String> texts = new HashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String member = json.currentName();
      JsonToken value = json.nextToken();
      switch (member) {
        case "number" -> {
          expect(value == JsonToken.VALUE_NUMBER_INT);
          number = json.getIntValue();
        }
        case "terms" -> terms = bytes(json);
        case "wrapped" -> wrapped = bytes(json);
        case "state", "created_at", "not_before", "not_after" -> texts.put(member, text(json));
        default -> throw new IOException("unknown member");
      }
    }
    expect(json.currentToken() == JsonToken.END_OBJECT && number > 0);
    State state = state(texts.getOrDefault("state", ""));
    expect((wrapped.length == 0) == (state == State.DESTROYED));
    SecretTerms decoded = TermsCodec.decode(terms, true);
    // what a newer program added to them must not get lost
    expect(Arrays.equals(TermsCodec.encode(decoded), terms));
    return new Version(
        number,
        state,
        Instant.parse(texts.getOrDefault("created_at", "")),
        instant(texts, "not_before"),
        instant(texts, "not_after"),
        decoded,
        wrapped);
  }

  private static State state(String word) throws IOException {
    Predicate<State> called = state -> state.word().equals(word);
    return List.of(State.values()).stream()
        .filter(called)
        .findFirst()
        .orElseThrow(() -> new IOException("unknown state"));
  }

  private static Optional<Instant> instant(Map<String, String> texts, String member) {
    return Optional.ofNullable(texts.get(member)).map(Instant::parse);
  }

  private static String text(JsonParser json) throws IOException {
    expect(json.currentToken() == JsonToken.VALUE_STRING);
    return json.getText();
  }

  private static byte[] bytes(JsonParser json) throws IOException {
    expect(json.currentToken() == JsonToken.VALUE_STRING);
    byte[] bytes = json.getBinaryValue();
    expect(bytes.length <= WrappedSecret.MAX_FILE_BYTES);
    return bytes;
  }

  private static void expect(boolean condition) throws IOException {
    if (!condition) {
      throw new IOException("unexpected content");
    }
  }
}
