package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusSocketTest {
  @TempDir Path directory;

  private Path path() {
    return directory.resolve("pid=1.sock");
  }

  /** Patiently, on a machine that is busy with other things. */
  private MountStatus ask() throws IOException {
    return StatusSocket.ask(path(), Duration.ofSeconds(30));
  }

  @Test
  void whoAsksIsTold() throws IOException {
    MountStatus status = Statuses.of(1, 2);
    try (StatusSocket _ = StatusSocket.open(path(), () -> status)) {
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
      for (int i = 0; i < 20; i++) {
        assertEquals(status, ask());
      }
    }
    assertFalse(Files.exists(path()));
  }

  @Test
  void whoConnectsAndNeverReadsHoldsUpNobody() throws IOException {
    MountStatus status = Statuses.of(1, 2);
    List<SocketChannel> silent = new ArrayList<>();
    try (StatusSocket _ = StatusSocket.open(path(), () -> status)) {
      for (int i = 0; i < 10; i++) {
        SocketChannel one = SocketChannel.open(StandardProtocolFamily.UNIX);
        silent.add(one);
        one.connect(UnixDomainSocketAddress.of(path()));
      }
      assertEquals(status, ask());
    } finally {
      for (SocketChannel one : silent) {
        one.close();
      }
    }
  }

  @Test
  void aSourceThatThrowsEndsNothing() throws IOException {
    List<MountStatus> answers = new ArrayList<>();
    try (StatusSocket _ =
        StatusSocket.open(
            path(),
            () -> {
              if (answers.isEmpty()) {
                throw new IllegalStateException("not yet");
              }
              return answers.getFirst();
            })) {
      assertThrows(IOException.class, () -> ask());
      answers.add(Statuses.of(1, 2));
      assertEquals(answers.getFirst(), ask());
    }
  }

  @Test
  void aSocketOfTheDeadIsReplacedAndNobodyAnswersThere() throws IOException {
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path()));
    }
    assertTrue(Files.exists(path()));
    assertThrows(ConnectException.class, () -> ask());
    MountStatus status = Statuses.of(1, 2);
    try (StatusSocket _ = StatusSocket.open(path(), () -> status)) {
      assertEquals(status, ask());
    }
  }

  @Test
  void whoNeverAnswersIsNotWaitedFor() throws IOException {
    try (ServerSocketChannel hung = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      hung.bind(UnixDomainSocketAddress.of(path()));
      IOException e = assertThrows(IOException.class, () -> StatusSocket.ask(path()));
      assertTrue(String.valueOf(e.getMessage()).contains("no answer within"), e.toString());
    }
  }
}
