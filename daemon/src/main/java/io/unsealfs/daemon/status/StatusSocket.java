package io.unsealfs.daemon.status;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * A socket of the file system where a daemon hands its status to whoever of its own user connects:
 * one line of JSON, then the end. Nothing is read from the caller, and what is written fits into
 * the socket's buffer, so nobody can hold it up.
 */
public final class StatusSocket implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(StatusSocket.class.getName());
  private static final int BACKLOG = 16;

  /** More than any status has. */
  private static final int MOST_BYTES = 1 << 20;

  private static final Duration ANSWER_TIME = Duration.ofSeconds(3);

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Path path;
  private final ServerSocketChannel socket;
  private final Supplier<MountStatus> status;

  private StatusSocket(Path path, ServerSocketChannel socket, Supplier<MountStatus> status) {
    this.path = path;
    this.socket = socket;
    this.status = status;
  }

  /**
   * Answers at {@code path}, in a daemon thread.
   *
   * @param path in a directory that only this user may write to; what is left there of a process
   *     that is gone is replaced
   * @throws IOException if the socket cannot be made there
   */
  public static StatusSocket open(Path path, Supplier<MountStatus> status) throws IOException {
    Files.deleteIfExists(path);
    ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean open = false;
    try {
      socket.bind(UnixDomainSocketAddress.of(path), BACKLOG);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      open = true;
    } finally {
      if (!open) {
        socket.close();
      }
    }
    StatusSocket own = new StatusSocket(path, socket, status);
    Thread.ofPlatform().daemon().name("unsealfs-status").start(own::serve);
    return own;
  }

  private void serve() {
    while (socket.isOpen()) {
      try (SocketChannel caller = socket.accept()) {
        caller.configureBlocking(false);
        caller.write(
            ByteBuffer.wrap(
                (RecordJson.write(status.get()) + "\n").getBytes(StandardCharsets.UTF_8)));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.log(Level.DEBUG, "a status request was not answered", e);
        LockSupport.parkNanos(PAUSE_NANOS); // not in circles where descriptors have run out
      }
    }
  }

  /**
   * Asks the daemon at {@code path}.
   *
   * @throws java.net.ConnectException if nobody is there any more
   * @throws IOException if there is no answer within three seconds, or none that is understood
   */
  public static MountStatus ask(Path path) throws IOException {
    return ask(path, ANSWER_TIME);
  }

  /** As {@link #ask(Path)}, with another time for the answer. */
  static MountStatus ask(Path path, Duration time) throws IOException {
    try (SocketChannel daemon = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      CompletableFuture<String> answer = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(() -> {
            try {
              daemon.connect(UnixDomainSocketAddress.of(path));
              answer.complete(readAll(daemon));
            } catch (IOException e) {
              answer.completeExceptionally(e);
            }
          });
      return RecordJson.read(answer.get(time.toMillis(), TimeUnit.MILLISECONDS), MountStatus.class);
    } catch (TimeoutException e) {
      throw new IOException(
          "no answer within " + time.toSeconds() + " s; the daemon hangs or is stopped", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while asking a daemon");
    }
  }

  private static String readAll(SocketChannel daemon) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer piece = ByteBuffer.allocate(16 << 10);
    while (daemon.read(piece) >= 0) {
      all.write(piece.array(), 0, piece.position());
      piece.clear();
      if (all.size() > MOST_BYTES) {
        throw new IOException("the answer is too long for a status");
      }
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    try {
      socket.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "status socket", e);
    }
  }
}
