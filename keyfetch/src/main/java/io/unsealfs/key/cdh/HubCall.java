package io.unsealfs.key.cdh;

import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.KeyUnavailableException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One question to the hub, on a connection of its own, within a time that counts for all of it. */
final class HubCall {
  private final HubAddress hub;
  private final long deadlineNanos;

  HubCall(HubAddress hub, Duration limit) {
    this.hub = hub;
    this.deadlineNanos = System.nanoTime() + limit.toNanos();
  }

  /**
   * Asks for {@code path}.
   *
   * @throws KeyUnavailableException if nobody answers in time, or not in HTTP
   * @throws KeyReferenceException if the answer is too long
   */
  HubAnswer get(String path) throws KeyUnavailableException, KeyReferenceException {
    ByteBuffer received = ByteBuffer.allocateDirect(HubAnswer.MAX_BYTES);
    boolean answered = false;
    try (SocketChannel channel = SocketChannel.open();
        Selector selector = Selector.open()) {
      connect(channel, selector);
      send(channel, selector, request(path));
      while (true) {
        boolean ended = channel.read(received) < 0;
        Optional<HubAnswer> answer = HubAnswer.of(received, ended);
        if (answer.isPresent()) {
          answered = true;
          return answer.get();
        }
        if (!received.hasRemaining()) {
          throw new OversizeAnswerException();
        }
        await(channel, selector, SelectionKey.OP_READ);
      }
    } catch (KeyUnavailableException e) {
      throw new KeyUnavailableException("data hub " + hub + ": " + e.getMessage(), e);
    } catch (OversizeAnswerException e) {
      throw new KeyReferenceException("data hub " + hub + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new KeyUnavailableException(
          "data hub %s: cannot be reached (%s); is this a CoCo guest with api-server-rest running?"
              .formatted(hub, e.getMessage()),
          e);
    } finally {
      if (!answered) {
        HubAnswer.wipe(received);
      }
    }
  }

  /** Only whether somebody listens. */
  void connect() throws KeyUnavailableException {
    try (SocketChannel channel = SocketChannel.open();
        Selector selector = Selector.open()) {
      connect(channel, selector);
    } catch (IOException e) {
      throw new KeyUnavailableException(
          "data hub %s: nobody listens there (%s); is this a CoCo guest with api-server-rest?"
              .formatted(hub, e.getMessage()),
          e);
    }
  }

  private void connect(SocketChannel channel, Selector selector) throws IOException {
    channel.configureBlocking(false);
    InetSocketAddress socket = hub.socket();
    SelectionKey key = channel.register(selector, 0);
    if (!channel.connect(socket)) {
      do {
        await(channel, selector, SelectionKey.OP_CONNECT);
      } while (!channel.finishConnect());
    }
    key.interestOps(0);
  }

  private void send(SocketChannel channel, Selector selector, ByteBuffer request)
      throws IOException {
    while (request.hasRemaining()) {
      if (channel.write(request) == 0) {
        await(channel, selector, SelectionKey.OP_WRITE);
      }
    }
  }

  private ByteBuffer request(String path) {
    String request =
        String.join(
            "\r\n",
            "GET " + path + " HTTP/1.1",
            "Host: " + hub,
            "Accept: */*",
            "User-Agent: unsealfs",
            "Connection: close",
            "",
            "");
    return ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
  }

  private void await(SocketChannel channel, Selector selector, int operation) throws IOException {
    channel.keyFor(selector).interestOps(operation);
    long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    if (left <= 0) {
      throw new KeyUnavailableException("no whole answer in time");
    }
    int _ = selector.select(left);
    selector.selectedKeys().clear();
    if (Thread.currentThread().isInterrupted()) {
      throw new KeyUnavailableException("interrupted");
    }
  }
}
