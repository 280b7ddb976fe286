package io.unsealfs.volume.gocryptfs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.unsealfs.storage.Name;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Reads {@code gocryptfs.conf} as the reference does (gocryptfs.md section 2). */
final class ConfigParser {

  /** Bytes of the largest config file taken; real ones have less than one thousand. */
  static final int MAX_SIZE = 64 << 10;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(32)
                  .maxNumberLength(40)
                  .maxNameLength(1000)
                  .maxStringLength(MAX_SIZE)
                  .maxDocumentLength(MAX_SIZE)
                  .build())
          .build();

  private final JsonParser json;
  private String creator = "";
  private byte[] encryptedKey = {};
  private byte[] salt = {};
  private long n;
  private long r;
  private long p;
  private long keyLen;
  private long version;
  private long longNameMax;
  private final Set<FeatureFlag> flags = EnumSet.noneOf(FeatureFlag.class);

  private ConfigParser(JsonParser json) {
    this.json = json;
  }

  /**
   * The config in these bytes.
   *
   * @throws VolumeFormatException that names what is wrong with it
   */
  static GocryptfsConfig parse(byte[] file) throws VolumeFormatException {
    if (file.length == 0) {
      throw GocryptfsConfig.bad("the file is empty");
    }
    if (file.length > MAX_SIZE) {
      throw GocryptfsConfig.bad("the file has more than " + MAX_SIZE + " bytes");
    }
    // as text: given bytes Jackson would also take UTF-16 and UTF-32, which the reference does not
    String text = new String(file, StandardCharsets.UTF_8);
    try (JsonParser json = JSON.createParser(text)) {
      return new ConfigParser(json).config();
    } catch (JacksonException e) {
      var where = e.getLocation();
      throw GocryptfsConfig.bad(
          "not valid JSON"
              + (where == null
                  ? ""
                  : " at line " + where.getLineNr() + ", column " + where.getColumnNr()));
    } catch (VolumeFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new VolumeFormatException(GocryptfsConfig.FILE_NAME + ": cannot be parsed", e);
    }
  }

  private GocryptfsConfig config() throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw GocryptfsConfig.bad("not a JSON object");
    }
    members("", this::member);
    if (json.nextToken() != null) {
      throw GocryptfsConfig.bad("text after the JSON object");
    }
    if (version != GocryptfsConfig.VERSION) {
      throw GocryptfsConfig.bad("Version is " + version + ", only 2 is supported");
    }
    if (keyLen != 32) {
      throw GocryptfsConfig.bad("scrypt KeyLen is " + keyLen + ", it has to be 32");
    }
    return new GocryptfsConfig(
        creator,
        encryptedKey,
        salt,
        new ScryptCost(bounded("N", n), bounded("R", r), bounded("P", p)),
        flags,
        longNameMax < 0 || longNameMax > 255 ? refuseLongNameMax() : (int) longNameMax);
  }

  private int refuseLongNameMax() throws VolumeFormatException {
    throw GocryptfsConfig.bad("LongNameMax is " + longNameMax + ", it has to be 62 to 255");
  }

  private static int bounded(String name, long value) throws VolumeFormatException {
    if (value < 0 || value > 1 << 30) {
      throw GocryptfsConfig.bad("scrypt " + name + " is " + value + ", which is out of range");
    }
    return (int) value;
  }

  private void member(String name) throws IOException {
    switch (name) {
      case "creator" -> creator = string("Creator");
      case "encryptedkey" -> encryptedKey = base64("EncryptedKey");
      case "scryptobject" -> scryptObject();
      case "version" -> version = integer("Version");
      case "featureflags" -> featureFlags();
      case "longnamemax" -> longNameMax = integer("LongNameMax");
      default -> json.skipChildren();
    }
  }

  private void scryptObject() throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw GocryptfsConfig.bad("ScryptObject is not an object");
    }
    members("ScryptObject.", this::scryptMember);
  }

  private void scryptMember(String name) throws IOException {
    switch (name) {
      case "salt" -> salt = base64("Salt");
      case "n" -> n = integer("N");
      case "r" -> r = integer("R");
      case "p" -> p = integer("P");
      case "keylen" -> keyLen = integer("KeyLen");
      default -> json.skipChildren();
    }
  }

  /** Walks an object; the handler finds the parser at the value. Null counts as absent. */
  private void members(String prefix, MemberHandler handler) throws IOException {
    Set<String> seen = new HashSet<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName().toLowerCase(Locale.ROOT);
      if (!seen.add(name)) {
        throw GocryptfsConfig.bad("member " + shown(prefix + name) + " is there twice");
      }
      if (json.nextToken() != JsonToken.VALUE_NULL) {
        handler.handle(name);
      }
    }
  }

  private interface MemberHandler {
    void handle(String lowerCaseName) throws IOException;
  }

  private void featureFlags() throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw GocryptfsConfig.bad("FeatureFlags is not an array");
    }
    while (json.nextToken() != JsonToken.END_ARRAY) {
      String text = string("FeatureFlags element");
      FeatureFlag flag = FeatureFlag.of(text);
      if (flag == null) {
        throw GocryptfsConfig.bad(
            "unknown feature flag " + shown(text) + ": written by a newer gocryptfs, or damaged");
      }
      flags.add(flag);
    }
  }

  private String string(String name) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw GocryptfsConfig.bad(name + " is not a string");
    }
    return json.getText();
  }

  private long integer(String name) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw GocryptfsConfig.bad(name + " is not an integer");
    }
    if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw GocryptfsConfig.bad(name + " is out of range");
    }
    return json.getLongValue();
  }

  private byte[] base64(String name) throws IOException {
    String text = string(name);
    try {
      if (text.length() % 4 != 0) {
        throw new IllegalArgumentException("padding missing");
      }
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw GocryptfsConfig.bad(name + " is not base64");
    }
  }

  /** Foreign text, shortened and escaped for a message of one line. */
  static String shown(String text) {
    return Name.of(text.length() > 60 ? text.substring(0, 60) + "…" : text).toString();
  }
}
