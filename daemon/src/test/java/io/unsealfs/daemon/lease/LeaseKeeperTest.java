package io.unsealfs.daemon.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.key.ConversationRefusedException;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.volume.PinMismatchException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The keeper driven step by step by a clock of the test's own. */
@Timeout(60)
class LeaseKeeperTest {
  private static final LeaseTerms TERMS =
      new LeaseTerms(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofMinutes(5)));

  private final AtomicLong clock = new AtomicLong(Duration.ofDays(3).toNanos());
  private final Deque<LeaseKeeper.Renewal> answers = new ArrayDeque<>();
  private final List<String> done = Collections.synchronizedList(new ArrayList<>());

  private final LeaseKeeper.Use use =
      new LeaseKeeper.Use() {
        @Override
        public void refuseOpens(IOException why) {
          done.add("refuse " + why.getClass().getSimpleName());
        }

        @Override
        public void admitOpens() {
          done.add("admit");
        }

        @Override
        public void end(IOException why) {
          done.add("end " + why.getClass().getSimpleName());
        }
      };

  private LeaseKeeper keeper(OnExpiry onExpiry) {
    return LeaseKeeper.driven(
        new LeaseState(TERMS, clock.get(), () -> 0),
        () -> answers.remove().renew(),
        use,
        onExpiry,
        clock::get);
  }

  private void pass(long seconds) {
    clock.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  private void granted() {
    answers.add(() -> TERMS);
  }

  private void refused(IOException why) {
    answers.add(() -> {
      throw why;
    });
  }

  /** Asks now, and acts on the answer. */
  private void ask(LeaseKeeper keeper) throws InterruptedException {
    keeper.step();
    keeper.takeAnswer();
    keeper.step();
  }

  @Test
  void nothingHappensWhileItIsRenewed() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    for (int i = 0; i < 100; i++) {
      keeper.step();
      pass(300);
      granted();
      ask(keeper);
    }
    assertEquals(List.of(), done);
    assertTrue(answers.isEmpty());
  }

  @Test
  void nobodyIsAskedBeforeItIsTime() {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    assertEquals(TimeUnit.SECONDS.toNanos(300), keeper.step());
    pass(299);
    // an answer that nobody has prepared would be an exception in a thread, and later an end
    assertEquals(TimeUnit.SECONDS.toNanos(1), keeper.step());
  }

  @Test
  void aDenialEndsTheMountOnce() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    pass(300);
    refused(new KeyDeniedException("no longer"));
    ask(keeper);
    pass(10_000);
    keeper.step();
    assertEquals(List.of("end KeyRevokedException"), done);
  }

  @Test
  void aKeyThatIsNowForAnotherVolumeIsDenied() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    pass(300);
    refused(new PinMismatchException("another header"));
    ask(keeper);
    assertEquals(List.of("end KeyRevokedException"), done);
  }

  static List<IOException> noDenials() {
    return List.of(
        new KeyUnavailableException("down"),
        new UntrustedServerException("somebody else answers"),
        new ConversationRefusedException("nonce", new IOException("status")),
        new AttestationException("the quoting service is down"),
        new IOException("whatever"));
  }

  @ParameterizedTest
  @MethodSource("noDenials")
  void whatIsNoDenialIsTriedAgain(IOException failure) throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    pass(300);
    for (int i = 0; i < 5; i++) {
      refused(failure);
      ask(keeper);
      pass(60);
    }
    granted();
    ask(keeper);
    assertEquals(List.of(), done);
    // from this renewal on, not from the first
    pass(3500);
    refused(failure);
    ask(keeper);
    assertEquals(List.of(), done);
  }

  @Test
  void aFaultOfOurOwnIsNoDenialEither() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    pass(300);
    answers.add(() -> {
      throw new IllegalStateException("a fault");
    });
    ask(keeper);
    assertEquals(List.of(), done);
  }

  @Test
  void anUnreachableServiceIsADenialOnceTheLeaseIsOver() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    pass(300);
    for (int minute = 0; minute < 54; minute++) {
      refused(new KeyUnavailableException("down"));
      ask(keeper);
      pass(60);
    }
    assertEquals(List.of(), done);
    pass(60);
    keeper.step();
    assertEquals(List.of("end KeyExpiredException"), done);
  }

  @Test
  void aRenewalThatHangsDoesNotHoldUpTheExpiry() {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    CountDownLatch never = new CountDownLatch(1);
    answers.add(() -> hang(never));
    pass(300);
    keeper.step();
    pass(3299);
    assertEquals(TimeUnit.SECONDS.toNanos(1), keeper.step());
    assertEquals(List.of(), done);
    pass(1);
    keeper.step();
    assertEquals(List.of("end KeyExpiredException"), done);
  }

  @Test
  void aMachineThatSleptPastTheEndDoesNotWaitForAnAnswer() {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    keeper.step();
    pass(100_000);
    keeper.step();
    assertEquals(List.of("end KeyExpiredException"), done);
  }

  @Test
  void aMachineThatSleptLessThanThatRenewsAtOnce() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    keeper.step();
    pass(3000);
    granted();
    ask(keeper);
    pass(3000);
    granted();
    ask(keeper);
    assertEquals(List.of(), done);
    assertTrue(answers.isEmpty());
  }

  @Test
  void anAnswerKeptBackDuringASuspensionIsWorthNothing() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.STOP_NEW_OPENS);
    CountDownLatch answered = new CountDownLatch(1);
    answers.add(() -> {
      await(answered);
      return TERMS;
    });
    pass(300);
    keeper.step();
    pass(7200);
    answered.countDown();
    keeper.takeAnswer();
    granted();
    ask(keeper);
    assertEquals(List.of("refuse KeyExpiredException", "admit"), done);
  }

  @Test
  void newOpensStopUntilTheKeyIsReleasedAgain() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.STOP_NEW_OPENS);
    pass(300);
    refused(new KeyDeniedException("no longer"));
    ask(keeper);
    pass(300);
    refused(new KeyDeniedException("still not"));
    ask(keeper);
    assertEquals(List.of("refuse KeyRevokedException"), done);
    pass(300);
    granted();
    ask(keeper);
    assertEquals(List.of("refuse KeyRevokedException", "admit"), done);
  }

  @Test
  void anExpiryThatTurnsOutToBeADenialSaysSo() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.STOP_NEW_OPENS);
    pass(3600);
    refused(new KeyDeniedException("no longer"));
    ask(keeper);
    assertEquals(List.of("refuse KeyExpiredException", "refuse KeyRevokedException"), done);
  }

  @Test
  void keepKeepsAndGoesOnAsking() throws InterruptedException {
    LeaseKeeper keeper = keeper(OnExpiry.KEEP);
    pass(300);
    refused(new KeyDeniedException("no longer"));
    ask(keeper);
    pass(300);
    refused(new KeyDeniedException("no longer"));
    ask(keeper);
    assertEquals(List.of(), done);
    assertTrue(answers.isEmpty(), "it did not ask again");
  }

  @Test
  void anUnmountDuringARenewalBreaksItOffAndActsOnNothing() throws Exception {
    LeaseKeeper keeper = keeper(OnExpiry.UNMOUNT);
    CompletableFuture<Thread> renewing = new CompletableFuture<>();
    CountDownLatch never = new CountDownLatch(1);
    answers.add(() -> {
      renewing.complete(Thread.currentThread());
      return hang(never);
    });
    pass(300);
    keeper.step();
    Thread thread = renewing.get();
    keeper.close();
    keeper.close();
    thread.join();
    pass(100_000);
    keeper.takeAnswer();
    assertEquals(List.of(), done);
  }

  @Test
  void aKeeperWithAThreadOfItsOwnEndsTheMount() throws Exception {
    CompletableFuture<IOException> ended = new CompletableFuture<>();
    LeaseKeeper.Use ends =
        new LeaseKeeper.Use() {
          @Override
          public void refuseOpens(IOException why) {}

          @Override
          public void admitOpens() {}

          @Override
          public void end(IOException why) {
            ended.complete(why);
          }
        };
    LeaseTerms over = new LeaseTerms(Optional.of(Duration.ZERO), Optional.empty());
    try (LeaseKeeper _ =
        LeaseKeeper.start(over, clock.get(), () -> over, ends, OnExpiry.UNMOUNT, clock::get)) {
      assertEquals("KeyExpiredException", ended.get().getClass().getSimpleName());
    }
  }

  @ParameterizedTest
  @EnumSource(OnExpiry.class)
  void everyWordIsReadBack(OnExpiry one) {
    assertEquals(Optional.of(one), OnExpiry.of(one.word()));
    assertTrue(LeaseKeeper.describe(TERMS, one).endsWith("on_expiry=" + one.word()));
  }

  private static LeaseTerms hang(CountDownLatch never) throws IOException {
    await(never);
    return TERMS;
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("broken off");
    }
  }
}
