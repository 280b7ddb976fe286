package io.unsealfs.keyserver.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract over a directory, and what is special about it. */
class FileStoreTest extends StoreContract {
  private static final byte[] VALUE = "value".getBytes(UTF_8);
  private static final int KILLS = 6;

  @TempDir Path scratch = Path.of("");

  @Override
  Store another() throws StoreException {
    return FileStore.open(directory());
  }

  private Path directory() {
    return scratch.resolve("store");
  }

  private Path onlyEntry() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.filter(file -> file.toString().endsWith(".entry")).findFirst().orElseThrow();
    }
  }

  private String refusal() {
    return String.valueOf(
        assertThrows(StoreException.class, () -> FileStore.open(directory())).getMessage());
  }

  @Test
  void serversThatStartTogetherMakeOneStore() throws Exception {
    int servers = 8;
    try (ExecutorService threads = Executors.newFixedThreadPool(servers)) {
      for (int round = 0; round < 20; round++) {
        Path fresh = scratch.resolve("store-" + round);
        CyclicBarrier together = new CyclicBarrier(servers);
        List<Callable<Store>> opening =
            Collections.nCopies(
                servers,
                () -> {
                  together.await();
                  return FileStore.open(fresh);
                });
        for (Future<Store> opened : threads.invokeAll(opening)) {
          opened.get().close();
        }
      }
    }
  }

  @Test
  void aNewerFormatIsRefusedByName() throws IOException {
    another();
    Files.writeString(directory().resolve("format"), "unsealfs keyserver store 2\n");
    assertTrue(refusal().contains("has format 2"), refusal());
  }

  @Test
  void aFormatThatCannotBePrintedIsNotPrinted() throws IOException {
    another();
    Files.writeString(directory().resolve("format"), "unsealfs keyserver store \u001b[2J\n");
    assertTrue(refusal().contains("(unreadable)"), refusal());
  }

  @Test
  void aDirectoryOfSomethingElseIsRefused() throws IOException {
    Files.createDirectory(
        directory(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.writeString(directory().resolve("letter.txt"), "Dear");
    assertTrue(refusal().contains("letter.txt"), refusal());
    assertEquals("Dear", Files.readString(directory().resolve("letter.txt")));
  }

  @Test
  void aDirectoryThatOthersCanReadIsRefused() throws IOException {
    another();
    Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
    assertTrue(refusal().contains("chmod 700"), refusal());
  }

  @Test
  void everyChangedByteOfAnEntryIsNoticed() throws IOException {
    Store store = another();
    store.put("key", VALUE, Store.ABSENT);
    byte[] good = Files.readAllBytes(onlyEntry());
    // the number is random and means nothing, so a change of it cannot be seen
    int firstOfLengths = new String(good, UTF_8).indexOf(' ', "entry ".length());
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 0x10;
      Files.write(onlyEntry(), bad);
      if (i < "entry ".length() || i >= firstOfLengths) {
        assertThrows(StoreException.class, () -> store.get("key"), "byte " + i);
      }
    }
  }

  @Test
  void everyTruncationOfAnEntryIsNoticed() throws IOException {
    Store store = another();
    store.put("key", VALUE, Store.ABSENT);
    byte[] good = Files.readAllBytes(onlyEntry());
    for (int length = 0; length < good.length; length++) {
      Files.write(onlyEntry(), java.util.Arrays.copyOf(good, length));
      assertThrows(StoreException.class, () -> store.get("key"));
      assertThrows(StoreException.class, () -> store.list(""));
    }
  }

  @Test
  void anEntryInThePlaceOfAnotherIsNoticed() throws IOException {
    Store store = another();
    store.put("key", VALUE, Store.ABSENT);
    Files.copy(onlyEntry(), directory().resolve(EntryFile.name("other")));
    assertThrows(StoreException.class, () -> store.get("other"));
  }

  @Test
  void whatAKilledWriterLeftIsRemoved() throws IOException {
    another().put("key", VALUE, Store.ABSENT);
    Path left = Files.writeString(directory().resolve(".new-0123456789abcdef"), "half");
    Store store = another();
    assertTrue(Files.notExists(left));
    assertArrayEquals(VALUE, store.get("key").orElseThrow().value());
  }

  @Test
  void nothingThatWasConfirmedIsLostWhenTheWriterIsKilled() throws Exception {
    Map<String, Integer> confirmed = new HashMap<>();
    for (int kill = 1; kill <= KILLS; kill++) {
      Process writer = startWriter();
      int lines = 0;
      try (BufferedReader out =
          new BufferedReader(new InputStreamReader(writer.getInputStream(), UTF_8))) {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          String[] words = line.split(" ", -1);
          confirmed.put(words[0], Integer.valueOf(words[1]));
          // what it said before it died is read to the end
          if (++lines == 7 * kill) {
            // not the process itself: that would close what is still to be read
            writer.toHandle().destroyForcibly();
          }
        }
      }
      assertEquals(128 + 9, writer.waitFor(), "it ended by itself");
      assertTrue(lines >= 7 * kill);
      checkAll(confirmed);
    }
  }

  private Process startWriter() throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                FileStoreWriter.class.getName(),
                directory().toString()))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private void checkAll(Map<String, Integer> confirmed) throws StoreException {
    Store store = another();
    for (Map.Entry<String, Integer> one : confirmed.entrySet()) {
      Optional<StoreEntry> found = store.get(one.getKey());
      // it may have written one more than it could say
      int number = FileStoreWriter.number(found.orElseThrow().value());
      assertTrue(number >= one.getValue(), () -> one + " was confirmed, " + number + " is there");
    }
    assertEquals(FileStoreWriter.KEYS, store.list("").size());
  }
}
