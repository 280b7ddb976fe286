package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Damage is told once for each thing that is damaged, whoever runs into it. */
class FailureLogTest {
  private static final String LOGGER = "io.unsealfs.mount";

  private final List<LogRecord> logged = new ArrayList<>();
  private final FailureLog log = new FailureLog(false);

  private void look(String directory, IntegrityException damage) {
    log.failed("lookup", directory, "a/plaintext/name", damage);
  }

  @Test
  void each_damaged_inode_is_logged_and_counted_once_although_a_directory_was_asked() {
    Logger logger = Logger.getLogger(LOGGER);
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            logged.add(record);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    try {
      for (int i = 0; i < 3; i++) {
        look("inode 2", IntegrityException.of("inode 12", "its checksum is wrong"));
        look("inode 2", IntegrityException.of("inode 13", "its checksum is wrong"));
      }
      log.failed("read", "inode 2", "", new StorageException("gone"));
    } finally {
      logger.removeHandler(handler);
    }
    assertEquals(2, log.damagedObjects());
    assertEquals(6, log.damagedReads());
    assertEquals(7, log.failedRequests());
    assertEquals(3, logged.size());
    assertEquals(
        0, logged.stream().filter(record -> record.getMessage().contains("plaintext")).count());
  }

  @Test
  void damage_without_a_place_of_its_own_counts_for_what_was_asked() {
    log.failed("read", "file", "", new IntegrityException("tag mismatch"));
    log.failed("read", "file", "", new IntegrityException("tag mismatch again"));
    log.failed("read", "other", "", new IntegrityException("tag mismatch"));
    assertEquals(2, log.damagedObjects());
  }
}
