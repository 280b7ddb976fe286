package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.key.SecretTerms;
import io.unsealfs.keyserver.KeyEncryptionKey;
import io.unsealfs.keyserver.KeyRing;
import io.unsealfs.keyserver.SecretCatalog;
import io.unsealfs.keyserver.SecretCatalog.Conditions;
import io.unsealfs.keyserver.store.FileStore;
import io.unsealfs.keyserver.store.Store;
import io.unsealfs.keyserver.store.StoreEntry;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Parsers of what a key server's store holds. */
final class StoreTargets {
  private static final byte[] VALUE = "a value of the fuzz run".getBytes(UTF_8);

  private StoreTargets() {}

  private static List<byte[]> texts(String... texts) {
    return Stream.of(texts).map(text -> text.getBytes(UTF_8)).toList();
  }

  /** The file of an entry: what is read is what was written, or nothing. */
  static FuzzTarget entry() throws IOException {
    Path directory = Files.createTempDirectory("unsealfs-fuzz-");
    FileStore store = FileStore.open(directory);
    store.put("key", VALUE, Store.ABSENT);
    Path file;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.entry")) {
      file = entries.iterator().next();
    }
    directory.toFile().deleteOnExit();
    for (String name : List.of("format", "lock", String.valueOf(file.getFileName()))) {
      directory.resolve(name).toFile().deleteOnExit();
    }
    return new ParserTarget(
        "store-entry",
        List.of(Files.readAllBytes(file)),
        texts("entry ", " 0 ", " 9999999 ", "\n", "9223372036854775808", "key"),
        input -> {
          Files.write(file, input);
          assertArrayEquals(VALUE, store.get("key").orElseThrow().value(), "another value");
          assertEquals("key", store.list("").getFirst().key());
        });
  }

  /** A record of a secret: only the one that was sealed is read. */
  static FuzzTarget secret() throws IOException {
    KeyEncryptionKey key = KeyEncryptionKey.of(new byte[KeyEncryptionKey.SIZE], HeapRegion::new);
    OneValue store = new OneValue();
    SecretCatalog catalog = new SecretCatalog(store, KeyRing.of(key), Clock.systemUTC());
    catalog.add(
        "model",
        Set.of("sample"),
        VALUE,
        new Conditions(
            Optional.empty(),
            Optional.empty(),
            new SecretTerms(Optional.empty(), Optional.empty(), Optional.empty(), true)));
    byte[] written = store.value;
    return new ParserTarget(
        "stored-secret",
        List.of(written),
        texts("unsealfs secret 2 ", "\n", "\"state\":\"enabled\"", "{", "00"),
        input -> {
          store.value = input;
          catalog.find("model");
          assertArrayEquals(written, input, "a record that nobody sealed");
        });
  }

  /** A store that has one entry, whatever is asked for. */
  private static final class OneValue implements Store {
    private byte[] value = {};

    @Override
    public Optional<StoreEntry> get(String key) {
      return Optional.of(new StoreEntry(key, value, 1));
    }

    @Override
    public List<StoreEntry> list(String prefix) {
      return List.of(new StoreEntry(prefix + "model", value, 1));
    }

    @Override
    public boolean put(String key, byte[] fresh, long expectedRevision) {
      value = fresh;
      return true;
    }

    @Override
    public boolean delete(String key, long expectedRevision) {
      return false;
    }

    @Override
    public String place() {
      return "memory";
    }

    @Override
    public void close() {}
  }
}
