package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CredentialFiguresTest {
  private static final Logger LOG = Logger.getLogger(StoreOpening.class.getName());

  private final List<String> lines = new ArrayList<>();
  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          lines.add(record.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOG.addHandler(listener);
  }

  @AfterEach
  void listenNoMore() {
    LOG.removeHandler(listener);
  }

  @Test
  void theSameFailureIsToldOnceAndCountedEachTime() {
    CredentialFigures figures = new CredentialFigures();
    for (int i = 0; i < 3; i++) {
      figures.failed(new IOException("away"));
    }
    assertEquals(List.of("store credentials were not renewed: away"), lines);
    figures.failed(new IOException("nonsense"));
    assertEquals(2, lines.size(), lines::toString);
    assertEquals(4, figures.status(Instant.EPOCH).failedFetches());
  }

  @Test
  void aFailureThatComesBackIsToldAgain() {
    CredentialFigures figures = new CredentialFigures();
    figures.failed(new IOException("away"));
    figures.fetched(Optional.empty());
    figures.failed(new IOException("away"));
    assertEquals(2, lines.stream().filter(line -> line.endsWith("away")).count(), lines::toString);
  }
}
