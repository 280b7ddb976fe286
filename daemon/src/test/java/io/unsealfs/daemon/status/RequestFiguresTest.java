package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.daemon.status.RequestFigures.Outcome;
import io.unsealfs.mount.Errno;
import io.unsealfs.mount.Operation;
import org.junit.jupiter.api.Test;

class RequestFiguresTest {
  private final RequestFigures figures = new RequestFigures();

  @Test
  void requestsAreCountedByHowTheyEnded() {
    figures.count(Operation.READ, 4096, 100);
    figures.count(Operation.READ, 1, 50);
    figures.count(Operation.READ, -Errno.EIO, 0);
    figures.count(Operation.LOOKUP, -Errno.ENOENT, 7);
    figures.count(Operation.OPEN, Integer.MIN_VALUE, 0);
    assertEquals(2, figures.count(Operation.READ, Outcome.OK));
    assertEquals(150, figures.nanos(Operation.READ, Outcome.OK));
    assertEquals(1, figures.count(Outcome.FAILED));
    assertEquals(1, figures.count(Outcome.REFUSED));
    assertEquals(1, figures.count(Operation.OPEN, Outcome.OK));
    assertEquals(5, figures.count());
    assertEquals(4097, figures.readBytes());
  }

  @Test
  void aLookFromOutsideIsNoUse() {
    figures.count(Operation.STATFS, 0, 0);
    figures.count(Operation.GETATTR, 0, 0);
    figures.count(Operation.FORGET, 0, 0);
    assertEquals(0, figures.uses());
    figures.count(Operation.LOOKUP, -Errno.ENOENT, 0);
    figures.count(Operation.OPEN, 0, 0);
    assertEquals(2, figures.uses());
  }
}
