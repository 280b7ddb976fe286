package io.unsealfs.keyserver;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.unsealfs.key.proto.v1.Evidence;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.wire.WireLimits;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/** Connections that mean no good: a given number of them, many at once, of every kind in turn. */
final class HostileCrowd implements AutoCloseable {
  private static final int AT_ONCE = 600;
  private static final int SLOW_BYTES = 40;
  private static final int SLOW_PAUSE_MILLIS = 250;
  private static final int GARBAGE_BYTES = 64 << 10;
  private static final int CONNECT_MILLIS = 10_000;

  /** What a connection does. */
  enum Kind {
    /** Says nothing but one byte of a handshake now and then. */
    SLOW,
    /** Sends what is no TLS at all. */
    GARBAGE,
    /** Announces records longer than TLS has, and sends them. */
    OVERSIZED_RECORD,
    /** Speaks the protocol and sends a request above the limit. */
    OVERSIZED_REQUEST,
    /** Resets the connection at once, or within the handshake. */
    ABORTED
  }

  private static final int CHEAP_PER_DEAR = 50;

  private final int port;
  private final int connections;
  private final Semaphore atOnce = new Semaphore(AT_ONCE);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  HostileCrowd(int port, int connections) {
    this.port = port;
    this.connections = connections;
  }

  /** Makes all of them; returns when the last one is over. */
  void run() throws InterruptedException {
    Kind[] cheap = {Kind.SLOW, Kind.GARBAGE, Kind.OVERSIZED_RECORD, Kind.ABORTED};
    for (int i = 0; i < connections; i++) {
      // a real client costs this side a handshake; the other kinds cost it nothing
      Kind kind = i % CHEAP_PER_DEAR == 0 ? Kind.OVERSIZED_REQUEST : cheap[i % cheap.length];
      Random random = new Random(i);
      atOnce.acquire();
      threads.execute(() -> {
        try {
          connect(kind, random);
        } catch (IOException e) {
          // the server hung up, which is what it should do
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } finally {
          atOnce.release();
        }
      });
    }
    atOnce.acquire(AT_ONCE);
  }

  private void connect(Kind kind, Random random) throws IOException, InterruptedException {
    if (kind == Kind.OVERSIZED_REQUEST) {
      oversizedRequest();
      return;
    }
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), CONNECT_MILLIS);
      OutputStream out = socket.getOutputStream();
      switch (kind) {
        case SLOW -> slow(out);
        case GARBAGE -> {
          byte[] garbage = new byte[GARBAGE_BYTES];
          random.nextBytes(garbage);
          out.write(garbage);
          readToTheEnd(socket);
        }
        case OVERSIZED_RECORD -> {
          out.write(new byte[] {0x16, 3, 3, (byte) 0xff, (byte) 0xff});
          out.write(new byte[GARBAGE_BYTES]);
          readToTheEnd(socket);
        }
        case ABORTED -> {
          if (random.nextBoolean()) {
            out.write(new byte[] {0x16, 3, 1, 1, 0, 1, 0, 0});
          }
          socket.setSoLinger(true, 0);
        }
        case OVERSIZED_REQUEST -> throw new AssertionError("handled above");
      }
    }
  }

  private static void slow(OutputStream out) throws IOException, InterruptedException {
    // the head of a record of 512 bytes, which never comes whole
    byte[] hello = {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3};
    for (int i = 0; i < SLOW_BYTES; i++) {
      out.write(i < hello.length ? hello[i] : 0);
      Thread.sleep(SLOW_PAUSE_MILLIS);
    }
  }

  private static void readToTheEnd(Socket socket) throws IOException {
    socket.setSoTimeout(CONNECT_MILLIS);
    InputStream in = socket.getInputStream();
    byte[] buffer = new byte[1024];
    int read;
    do {
      read = in.read(buffer);
    } while (read >= 0);
  }

  private void oversizedRequest() throws IOException {
    byte[] quote = new byte[WireLimits.MAX_REQUEST_BYTES + 1];
    try (StubClient client = new StubClient(port)) {
      client.ask(
          SecretRequest.newBuilder()
              .setSecretName(LoadedServer.SECRET)
              .setEvidence(
                  Evidence.newBuilder().setType("tdx").setQuote(ByteString.copyFrom(quote)))
              .build());
      throw new IllegalStateException("a request above the limit was answered");
    } catch (StatusRuntimeException e) {
      // refused, or there was no room for the connection
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
