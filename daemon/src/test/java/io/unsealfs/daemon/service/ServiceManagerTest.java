package io.unsealfs.daemon.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ServiceManagerTest {
  private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();

  private ServiceManager manager(Duration watchdog) {
    return new ServiceManager(
        Optional.of(message -> messages.add(new String(message, UTF_8))), Optional.of(watchdog));
  }

  private String next() throws InterruptedException {
    return String.valueOf(messages.poll(30, TimeUnit.SECONDS));
  }

  @Test
  void readinessAndStatusAreOneMessage() throws InterruptedException {
    manager(Duration.ofSeconds(1)).ready("mounted");
    assertEquals("READY=1\nSTATUS=mounted", next());
  }

  @Test
  void aStatusCannotForgeAnotherField() throws InterruptedException {
    manager(Duration.ofSeconds(1)).status("a\nREADY=1\u0000b");
    assertEquals("STATUS=a READY=1 b", next());
  }

  @Test
  void anExtensionIsInMicroseconds() throws InterruptedException {
    manager(Duration.ofSeconds(1)).extend(Duration.ofSeconds(40));
    assertEquals("EXTEND_TIMEOUT_USEC=40000000", next());
  }

  @Test
  void withoutASocketNobodyListens() {
    ServiceManager manager = ServiceManager.of(Map.of("WATCHDOG_USEC", "1000000"), 1);
    assertFalse(manager.isPresent());
    assertEquals(Optional.empty(), manager.watchdogInterval());
    manager.ready("mounted");
  }

  @Test
  void aSocketThatCannotBeIsPassedOver() {
    assertFalse(ServiceManager.of(Map.of("NOTIFY_SOCKET", "vsock:2:1"), 1).isPresent());
  }

  @Test
  void theWatchdogIsMeantForTheProcessItNames() {
    Map<String, String> environment =
        Map.of("NOTIFY_SOCKET", "/run/x", "WATCHDOG_USEC", "60000000", "WATCHDOG_PID", "7");
    assertEquals(
        Optional.of(Duration.ofSeconds(60)), ServiceManager.of(environment, 7).watchdogInterval());
    assertEquals(Optional.empty(), ServiceManager.of(environment, 8).watchdogInterval());
  }

  @Test
  void aWatchdogTimeThatIsNoneIsPassedOver() {
    for (String time : List.of("0", "", "-1", "many", "9999999999999999999")) {
      assertEquals(
          Optional.empty(),
          ServiceManager.of(Map.of("NOTIFY_SOCKET", "/run/x", "WATCHDOG_USEC", time), 7)
              .watchdogInterval(),
          time);
    }
  }

  @Test
  void aManagerThatIsGoneDoesNotStopTheService() {
    AtomicInteger tries = new AtomicInteger();
    ServiceManager manager =
        new ServiceManager(
            Optional.of(message -> {
              tries.incrementAndGet();
              throw new IOException("gone");
            }),
            Optional.empty());
    manager.ready("mounted");
    manager.stopping("unmounting");
    assertEquals(2, tries.get());
  }

  @Test
  void signsOfLifeComeOnlyWhileTheServiceAnswers() throws InterruptedException {
    AtomicBoolean answers = new AtomicBoolean(true);
    BlockingQueue<Duration> asked = new LinkedBlockingQueue<>();
    ServiceManager manager = manager(Duration.ofMillis(30));
    try (Watchdog _ =
        Watchdog.start(
            manager,
            timeout -> {
              asked.add(timeout);
              return answers.get();
            })) {
      assertEquals("WATCHDOG=1", next());
      assertEquals("WATCHDOG=1", next());
      answers.set(false);
      asked.clear();
      // one question may have been answered before it was heard that it hangs
      for (int i = 0; i < 2; i++) {
        assertEquals(Duration.ofMillis(10), asked.poll(30, TimeUnit.SECONDS));
      }
      messages.clear();
      for (int i = 0; i < 5; i++) {
        assertEquals(Duration.ofMillis(10), asked.poll(30, TimeUnit.SECONDS));
      }
      assertEquals(List.of(), new ArrayList<>(messages));
      answers.set(true);
      assertEquals("WATCHDOG=1", next());
    }
  }

  @Test
  void aLongStartAsksAgainAndAgainForMoreTime() throws InterruptedException {
    try (LongStart _ = LongStart.begin(manager(Duration.ofSeconds(1)), Duration.ofMillis(1))) {
      assertEquals("EXTEND_TIMEOUT_USEC=40000000", next());
      assertEquals("EXTEND_TIMEOUT_USEC=40000000", next());
    }
  }

  @Test
  void nobodyIsAskedForWhoDoesNotListen() {
    AtomicBoolean asked = new AtomicBoolean();
    try (Watchdog _ =
        Watchdog.start(
            ServiceManager.none(),
            timeout -> {
              asked.set(true);
              return true;
            })) {
      assertTrue(ServiceManager.none().watchdogInterval().isEmpty());
    }
    assertFalse(asked.get());
  }
}
