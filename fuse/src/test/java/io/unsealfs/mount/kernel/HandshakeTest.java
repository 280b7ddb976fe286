package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.MountException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class HandshakeTest {
  private static final int EVERYTHING = -1;
  private static final int NO_OPEN = 1 << 17;
  private static final int POSIX_ACL = 1 << 20;
  private static final int MAX_PAGES = 1 << 22;
  private static final int NO_OPENDIR = 1 << 24;
  private static final int WRITEBACK_CACHE = 1 << 16;
  private static final Wishes PLAIN = new Wishes(false, false, false, false);

  private final KernelRequest request = new KernelRequest();
  private final KernelReply reply = new KernelReply(4096);

  private Handshake shake(byte[] init, Wishes wishes) throws MountException {
    request.load(init);
    return Handshake.of(request, wishes);
  }

  @Test
  void onlyWhatBothSidesKnowIsAgreed() throws Exception {
    Handshake agreed = shake(Requests.init(7, 45, EVERYTHING, EVERYTHING), PLAIN);
    assertFalse(agreed.unseenOpens());
    assertFalse(agreed.unseenOpendirs());
    assertFalse(agreed.acl());
    assertEquals(MAX_PAGES, agreed.flags() & MAX_PAGES, "requests of more than 32 pages");
    assertEquals(0, agreed.flags() & (WRITEBACK_CACHE | NO_OPEN | POSIX_ACL));
    assertEquals(
        0, shake(Requests.init(7, 31, 0, 0), new Wishes(true, false, true, false)).flags());
  }

  @Test
  void unseenOpensAndListsAreAgreedWhereWishedFor() throws Exception {
    Handshake agreed =
        shake(
            Requests.init(7, 38, NO_OPEN | NO_OPENDIR | POSIX_ACL, 0),
            new Wishes(true, false, true, false));
    assertTrue(agreed.unseenOpens());
    assertTrue(agreed.unseenOpendirs());
    assertTrue(agreed.acl());
    assertEquals(0, agreed.flags() & MAX_PAGES);
  }

  @Test
  void attributesComeWithEveryListingOnlyWhereWishedFor() throws Exception {
    int plus = 1 << 13;
    int auto = 1 << 14;
    Handshake guessing = shake(Requests.init(7, 45, EVERYTHING, EVERYTHING), PLAIN);
    assertEquals(plus | auto, guessing.flags() & (plus | auto));
    Handshake always =
        shake(Requests.init(7, 45, EVERYTHING, EVERYTHING), new Wishes(false, false, false, true));
    assertEquals(plus, always.flags() & (plus | auto));
  }

  @Test
  void theAnswerHasTheKernelsLayout() throws Exception {
    Handshake agreed = shake(Requests.init(7, 40, EVERYTHING, EVERYTHING), PLAIN);
    assertEquals(64, agreed.answer(reply, 256));
    ByteBuffer out = reply.payload();
    assertEquals(7, out.getInt(0));
    assertEquals(40, out.getInt(4));
    assertEquals(131_072, out.getInt(8));
    assertEquals((int) agreed.flags(), out.getInt(12));
    assertEquals(256, out.getShort(16));
    assertEquals(192, out.getShort(18));
    assertEquals(4096, out.getInt(20));
    assertEquals(1, out.getInt(24));
    assertEquals(256, out.getShort(28));
    assertEquals(0, out.getInt(32));
    assertEquals(0, out.getInt(36), "no stacked file systems");
  }

  @Test
  void passthroughIsAnsweredWhereTheKernelLooksForIt() throws Exception {
    Wishes wishes = new Wishes(false, true, false, false);
    Handshake agreed = shake(Requests.init(7, 45, EVERYTHING, EVERYTHING), wishes);
    assertTrue(agreed.passthrough());
    assertEquals(64, agreed.answer(reply, 256));
    ByteBuffer out = reply.payload();
    int extended = 1 << 30;
    assertEquals(extended, out.getInt(12) & (extended | WRITEBACK_CACHE));
    assertEquals(1 << 5, out.getInt(32) & 1 << 5);
    assertEquals(1, out.getInt(36), "stacked file systems");
    assertFalse(shake(Requests.init(7, 45, EVERYTHING & ~extended, -1), wishes).passthrough());
    assertFalse(shake(Requests.init(7, 45, EVERYTHING, ~(1 << 5)), wishes).passthrough());
  }

  @Test
  void anUnknownVersionIsRefused() {
    for (byte[] init :
        new byte[][] {
          Requests.init(7, 22, EVERYTHING, 0),
          Requests.init(6, 45, EVERYTHING, 0),
          Requests.init(8, 0, EVERYTHING, 0),
        }) {
      MountException refused = assertThrows(MountException.class, () -> shake(init, PLAIN));
      assertTrue(String.valueOf(refused.getMessage()).contains("--transport jnr"));
    }
  }

  @Test
  void anotherFirstRequestAndEveryCutIsRefused() {
    assertThrows(MountException.class, () -> shake(Requests.named(Opcode.LOOKUP, 1, "a"), PLAIN));
    byte[] init = Requests.init(7, 45, EVERYTHING, 0);
    for (int length = 0; length < init.length; length++) {
      byte[] cut = Arrays.copyOf(init, length);
      assertThrows(MountException.class, () -> shake(cut, PLAIN), "cut to " + length);
    }
  }
}
