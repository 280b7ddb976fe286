package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyUnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetriesTest {
  private final List<String> waiting = new ArrayList<>();
  private final AtomicInteger attempts = new AtomicInteger();

  private Retries retries(Duration most) {
    return new Retries(most, Duration.ofMillis(1), waiting::add);
  }

  @Test
  void aKeyServiceThatComesUpLaterIsFound() throws IOException {
    String result =
        retries(Duration.ofHours(1))
            .until(
                () -> {
                  if (attempts.incrementAndGet() < 4) {
                    throw new KeyUnavailableException("no answer");
                  }
                  return "key";
                },
                () -> false);
    assertEquals("key", result);
    assertEquals(4, attempts.get());
    assertEquals("the key service cannot be reached", waiting.getFirst());
  }

  @Test
  void aKeyServiceThatSaysNoIsNotAskedAgain() {
    KeyDeniedException denied = new KeyDeniedException("no");
    assertSame(denied, failure(Duration.ofHours(1), denied));
    assertEquals(1, attempts.get());
    assertEquals(List.of(), waiting);
  }

  @Test
  void withoutTimeThereIsOneAttempt() {
    failure(Duration.ZERO, new KeyUnavailableException("no answer"));
    assertEquals(1, attempts.get());
  }

  @Test
  void whoStopsMeanwhileEndsIt() {
    KeyUnavailableException e = new KeyUnavailableException("no answer");
    assertSame(
        e,
        assertThrows(
            IOException.class,
            () ->
                retries(Duration.ofHours(1))
                    .until(
                        () -> {
                          attempts.incrementAndGet();
                          throw e;
                        },
                        () -> attempts.get() == 2)));
    assertEquals(2, attempts.get());
  }

  private IOException failure(Duration most, IOException e) {
    return assertThrows(
        IOException.class,
        () ->
            retries(most)
                .until(
                    () -> {
                      attempts.incrementAndGet();
                      throw e;
                    },
                    () -> false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", "-1s", "5", "1h30m", "99999d"})
  void whatIsNoDurationIsRefused(String text) {
    assertThrows(UsageException.class, () -> Retries.duration(text));
  }

  @Test
  void durationsHaveUnits() throws UsageException {
    assertEquals(Duration.ofMinutes(15), Retries.duration("15m"));
    assertEquals(Duration.ZERO, Retries.duration("0"));
  }
}
