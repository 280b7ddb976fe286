package io.unsealfs.keyserver.store;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** A process that writes to a file store until it is killed, and says what was confirmed. */
final class FileStoreWriter {
  static final int KEYS = 5;

  private FileStoreWriter() {}

  public static void main(String[] arguments) throws StoreException {
    try (Store store = FileStore.open(Path.of(arguments[0]))) {
      for (int i = 0; ; i++) {
        String key = "key-" + i % KEYS;
        Optional<StoreEntry> before = store.get(key);
        int number = before.isEmpty() ? 1 : number(before.get().value()) + 1;
        long revision = before.map(StoreEntry::revision).orElse(Store.ABSENT);
        if (!store.put(key, value(number), revision)) {
          throw new AssertionError("nobody else writes");
        }
        System.out.println(key + " " + number);
      }
    }
  }

  /** A value of several pages that says its number everywhere. */
  private static byte[] value(int number) {
    ByteBuffer value = ByteBuffer.allocate(Integer.BYTES * (1 + number % 7 * 1000));
    while (value.hasRemaining()) {
      value.putInt(number);
    }
    return value.array();
  }

  /** The number of a value that is whole. */
  static int number(byte[] value) {
    int number = ByteBuffer.wrap(value).getInt();
    if (!Arrays.equals(value, value(number))) {
      throw new AssertionError("a value is torn");
    }
    return number;
  }
}
