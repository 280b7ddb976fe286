package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class GateTest {
  private final IOException why = new KeyExpiredException("it ran out");
  private final IOException later = new KeyRevokedException("taken back");

  private final Gate gate = new Gate();

  @Test
  void isOpenAtFirst() {
    assertDoesNotThrow(gate::open);
    assertDoesNotThrow(gate::read);
  }

  @Test
  void refusedOpensLeaveReadsAlone() {
    gate.refuseOpens(why);
    assertSame(why, assertThrows(IOException.class, gate::open));
    assertDoesNotThrow(gate::read);
    gate.admitOpens();
    assertDoesNotThrow(gate::open);
  }

  @Test
  void whatIsShutStaysShut() {
    gate.refuseOpens(why);
    gate.shut(later);
    gate.admitOpens();
    assertSame(later, assertThrows(IOException.class, gate::open));
    assertSame(later, assertThrows(IOException.class, gate::read));
  }
}
