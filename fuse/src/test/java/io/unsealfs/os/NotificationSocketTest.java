package io.unsealfs.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real datagram socket on the other side. */
class NotificationSocketTest {
  private static final ServerCalls CALLS =
      LibraryLoader.create(ServerCalls.class).failImmediately().load("c");

  @TempDir Path scratch = Path.of("");

  /** What only a service manager calls. */
  public interface ServerCalls {
    int bind(int socket, @In byte[] address, int length);
  }

  private static Descriptor listener(String name) throws SystemCallException {
    boolean path = name.startsWith("/");
    byte[] bytes = name.getBytes(UTF_8);
    byte[] address = new byte[2 + bytes.length + (path ? 1 : 0)];
    ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).putShort((short) 1).put(bytes);
    if (!path) {
      address[2] = 0;
    }
    // SOCK_DGRAM and SOCK_NONBLOCK: what was not sent is to fail the test and not to hang it
    int fd = Libc.CALLS.socket(1, 2 | 0x800, 0);
    Descriptor socket = Descriptor.opened("socket", fd);
    Checked.call("bind", CALLS.bind(fd, address, address.length));
    return socket;
  }

  private static String received(Descriptor socket) throws SystemCallException {
    ByteBuffer message = ByteBuffer.allocateDirect(8192);
    int fd = socket.acquire();
    try {
      int got = (int) Libc.CALLS.read(fd, message, 8192);
      Checked.call("read", got);
      byte[] bytes = new byte[got];
      message.get(0, bytes);
      return new String(bytes, UTF_8);
    } finally {
      socket.release();
    }
  }

  @Test
  void messagesArriveAtAPathOneByOne() throws IOException {
    String path = scratch.resolve("notify ü").toString();
    try (Descriptor server = listener(path)) {
      NotificationSocket socket = NotificationSocket.at(path);
      socket.send("READY=1".getBytes(UTF_8));
      socket.send("STATUS=größer\nX=1".getBytes(UTF_8));
      assertEquals("READY=1", received(server));
      assertEquals("STATUS=größer\nX=1", received(server));
    }
  }

  @Test
  void messagesArriveAtAnAbstractName() throws IOException {
    String name = "@unsealfs-test-" + UUID.randomUUID();
    try (Descriptor server = listener(name)) {
      NotificationSocket.at(name).send("WATCHDOG=1".getBytes(UTF_8));
      assertEquals("WATCHDOG=1", received(server));
    }
  }

  @Test
  void nobodyThereIsAnErrorThatSaysSo() throws IOException {
    NotificationSocket socket = NotificationSocket.at(scratch.resolve("nobody").toString());
    SystemCallException e =
        assertThrows(SystemCallException.class, () -> socket.send("READY=1".getBytes(UTF_8)));
    assertEquals(ErrorNumber.ENOENT, e.errno());
  }

  @Test
  void aQueueThatStaysFullIsAnErrorAndNoHang() throws IOException {
    String path = scratch.resolve("full").toString();
    try (Descriptor _ = listener(path)) {
      NotificationSocket socket = NotificationSocket.at(path);
      SystemCallException e =
          assertThrows(
              SystemCallException.class,
              () -> {
                for (int i = 0; i < 100_000; i++) {
                  socket.send(new byte[4096]);
                }
              });
      assertEquals(ErrorNumber.EAGAIN, e.errno());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"relative", "@", "vsock:2:1", ""})
  void otherKindsOfAddressAreRefused(String name) {
    assertThrows(IOException.class, () -> NotificationSocket.at(name));
  }

  @Test
  void aNameIsAsLongAsTheKernelAllowsAndNoLonger() throws IOException {
    assertTrue(NotificationSocket.at("/" + "a".repeat(106)) != null);
    assertTrue(NotificationSocket.at("@" + "a".repeat(107)) != null);
    assertThrows(IOException.class, () -> NotificationSocket.at("/" + "a".repeat(107)));
    assertThrows(IOException.class, () -> NotificationSocket.at("@" + "a".repeat(108)));
  }
}
