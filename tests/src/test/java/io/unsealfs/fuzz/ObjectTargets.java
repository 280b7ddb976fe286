package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.unsealfs.storage.object.KeyRules;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeAnswer;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.FileCredentials;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What object stores, their users and their credentials say. */
final class ObjectTargets {
  private ObjectTargets() {}

  private static List<byte[]> texts(String... texts) {
    return Stream.of(texts).map(text -> text.getBytes(UTF_8)).toList();
  }

  static FuzzTarget source() {
    return new ParserTarget(
        "object-uri",
        texts(
            "s3://bucket/a/b?endpoint=http://[::1]:9000&path-style&max-connections=8",
            "oss://models/x?region=cn-hangzhou&credentials=ram-role:reader&request-timeout=5s"),
        texts("?", "&", "=", "//", "/../", "\u0000", "@", "\ud83d\ude00", "credentials=file:"),
        input -> {
          String text = new String(input, UTF_8);
          try {
            ObjectUri uri = ObjectUri.parse(text);
            StoreSettings _ = StoreSettings.parse(uri.settings());
            boolean judged = uri.path().isEmpty() || KeyRules.judge("", uri.path()).isEmpty();
            if (!judged || !text.startsWith(uri.scheme() + "://" + uri.bucket())) {
              throw new AssertionError("the source is not what was given");
            }
          } catch (IllegalArgumentException e) {
            throw new IOException(e);
          }
        });
  }

  static FuzzTarget rangeAnswer() {
    ObjectVersion version = new ObjectVersion("key", 1000, Optional.of("e"), 0, false);
    return new ParserTarget(
        "store-range",
        texts("bytes 10-19/1000", "bytes 10-19/*", "bytes */1000"),
        texts("bytes ", "-", "/", "9999999999999999999", "+", "٣"),
        input -> {
          String text = new String(input, ISO_8859_1);
          new RangeAnswer(206, Optional.of(text), 10, Optional.of("\"e\""), Optional.of(text))
              .check(version, 10, 10);
          if (!text.matches("bytes 0*10-0*19/0*1000")) {
            throw new AssertionError("another range was taken for the one asked for");
          }
        });
  }

  static FuzzTarget credentialsFile() throws IOException {
    Path file = Files.createTempFile("unsealfs-fuzz", ".credentials");
    file.toFile().deleteOnExit();
    FileCredentials credentials = new FileCredentials(file);
    return new ParserTarget(
        "store-credentials",
        texts(
            "{\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"se\",\"SecurityToken\":\"to\","
                + "\"Expiration\":\"2031-05-06T07:08:09Z\"}",
            "access_key_id=id\naccess_key_secret=se\n"),
        texts("{", "}", "[", "\\u00", "\"", ":", "\n", "Credentials"),
        input -> {
          Files.write(file, input);
          StoreCredentials read = credentials.fetch();
          if (read.isAnonymous() || read.toString().contains(read.accessKeySecret() + "\"")) {
            throw new AssertionError("credentials without an id, or that show themselves");
          }
        });
  }
}
