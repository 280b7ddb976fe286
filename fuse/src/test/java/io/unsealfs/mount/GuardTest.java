package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.StaleSourceException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class GuardTest {
  /** A subclass that the table does not know. */
  private static final class OwnStale extends StaleSourceException {
    private static final long serialVersionUID = 1L;

    OwnStale() {
      super("own");
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyOperationSurvivesEverything(Operation operation) {
    Guard guard = new Guard(FuseEvents.NONE);
    assertEquals(
        -5,
        guard.answer(
            operation,
            request -> {
              throw new IllegalStateException();
            }));
    assertEquals(
        -5,
        guard.answer(
            operation,
            request -> {
              throw new StackOverflowError();
            }));
    assertEquals(7, guard.answer(operation, request -> 7));
  }

  /** Notes what it is told about answers. */
  private static class Answers implements FuseEvents {
    final List<String> told = new ArrayList<>();
    boolean sawTime;

    @Override
    public void failed(String operation, String location, String path, IOException cause) {}

    @Override
    public void unexpected(String operation, Throwable cause) {}

    @Override
    public void answered(Operation operation, int result, long nanos) {
      told.add(operation.text() + " " + result);
      sawTime |= nanos > 0;
    }
  }

  @Test
  void everyAnswerIsToldAndTimedOnlyForWhoWantsIt() {
    Answers untimed = new Answers();
    Answers timed =
        new Answers() {
          @Override
          public boolean wantsTimes() {
            return true;
          }
        };
    for (Answers answers : List.of(untimed, timed)) {
      Guard guard = new Guard(answers);
      int _ = guard.answer(Operation.READ, request -> 4096);
      int _ =
          guard.answer(
              Operation.LOOKUP,
              request -> {
                throw new NoSuchFileException("f");
              });
      int _ =
          guard.answer(
              Operation.READ,
              request -> {
                throw new IllegalStateException();
              });
      assertEquals(List.of("read 4096", "lookup -2", "read -5"), answers.told);
    }
    assertFalse(untimed.sawTime);
    assertTrue(timed.sawTime);
  }

  @Test
  void whoThrowsWhileCountingDoesNotHurt() {
    Guard guard =
        new Guard(
            new Answers() {
              @Override
              public void answered(Operation operation, int result, long nanos) {
                throw new IllegalStateException();
              }
            });
    assertEquals(3, guard.answer(Operation.READ, request -> 3));
  }

  @Test
  void aListenerThatThrowsDoesNotHurt() {
    FuseEvents broken =
        new FuseEvents() {
          @Override
          public void failed(String operation, String location, String path, IOException cause) {
            throw new IllegalStateException("log full");
          }

          @Override
          public void unexpected(String operation, Throwable cause) {
            throw new AssertionError("log full");
          }
        };
    Guard guard = new Guard(broken);
    assertEquals(
        -5,
        guard.answer(
            Operation.READ,
            request -> {
              throw new IntegrityException("tag");
            }));
    assertEquals(
        -5,
        guard.answer(
            Operation.INIT,
            request -> {
              throw new IllegalStateException();
            }));
  }

  @Test
  void theTableGivesTheDocumentedNumbers() {
    assertEquals(2, errno(new NoSuchFileException("f")));
    assertEquals(20, errno(new NotDirectoryException("f")));
    assertEquals(36, errno(new NameTooLongException("f")));
    assertEquals(61, errno(new NoSuchAttributeException("f")));
    assertEquals(5, errno(new IntegrityException("f")));
    assertEquals(5, errno(new IOException("f")));
    assertEquals(116, errno(new OwnStale()));
    IllegalNodeException unfit = new IllegalNodeException("f");
    assertEquals(21, Errno.of(Operation.OPEN, NodeKind.DIRECTORY, unfit));
    assertEquals(22, Errno.of(Operation.OPEN, NodeKind.FIFO, unfit));
    assertEquals(22, Errno.of(Operation.READLINK, NodeKind.DIRECTORY, unfit));
    assertTrue(Errno.lists(OwnStale.class));
    assertFalse(Errno.lists(IOException.class));
    assertFalse(Errno.isFault(new NoSuchFileException("f")));
    assertTrue(Errno.isFault(new IOException("f")));
  }

  private static int errno(IOException cause) {
    return Errno.of(Operation.GETATTR, null, cause);
  }
}
