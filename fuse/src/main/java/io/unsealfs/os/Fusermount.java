package io.unsealfs.os;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The setuid program that mounts FUSE for users other than root: it opens the device, mounts, and
 * passes the descriptor back over a socket.
 */
public final class Fusermount {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** What the program calls itself in its words. */
  private static final String NAME = "fusermount3";

  private static final int CHILD_SOCKET = 3;
  private static final List<byte[]> ENVIRONMENT =
      List.of(
          ascii("_FUSE_COMMFD=" + CHILD_SOCKET),
          ascii("LC_ALL=C"),
          ascii("PATH=/usr/sbin:/usr/bin:/sbin:/bin"));

  private Fusermount() {}

  /**
   * Mounts. With the option {@code auto_unmount} the program stays behind and unmounts when the
   * result is closed, at the latest when this process dies, however it dies.
   *
   * @param fusermount3 absolute path of the program
   * @param mountPoint absolute path
   * @param options as {@code -o} of fusermount3 takes them
   * @throws IOException with what the program said, in one line
   */
  public static FuseDevice mount(Path fusermount3, byte[] mountPoint, String options)
      throws IOException {
    return mount(fusermount3, mountPoint, options, LIMIT);
  }

  static FuseDevice mount(Path fusermount3, byte[] mountPoint, String options, Duration limit)
      throws IOException {
    byte[] program = path(fusermount3);
    List<byte[]> arguments =
        List.of(
            ascii(NAME),
            ascii("-o"),
            options.getBytes(StandardCharsets.UTF_8),
            ascii("--"),
            mountPoint);
    if (arguments.stream().anyMatch(Fusermount::hasNul)) {
      throw new IOException("cannot run " + fusermount3 + ": an argument has a NUL inside");
    }
    try (DescriptorPair talk = DescriptorPair.sockets();
        DescriptorPair errors = DescriptorPair.pipe()) {
      ChildProcess child = start(fusermount3, program, arguments, talk, errors);
      talk.theirs().close();
      errors.theirs().close();
      Descriptor device = reply(fusermount3, child, talk.ours(), errors.ours(), limit);
      if (!stays(options)) {
        int _ = child.await();
        return FuseDevice.received(device, null);
      }
      child.awaitInBackground();
      try {
        return FuseDevice.received(device, DescriptorPair.duplicate(talk.ours(), 0));
      } catch (SystemCallException e) {
        device.close();
        throw e;
      }
    }
  }

  private static ChildProcess start(
      Path name, byte[] program, List<byte[]> arguments, DescriptorPair talk, DescriptorPair errors)
      throws IOException {
    try (Descriptor socket = DescriptorPair.duplicate(talk.theirs(), SpawnActions.LOWEST);
        Descriptor output = DescriptorPair.duplicate(errors.theirs(), SpawnActions.LOWEST);
        SpawnActions actions = new SpawnActions()) {
      int socketNumber = socket.acquire();
      int outputNumber = output.acquire();
      try {
        actions.noInput();
        actions.hand(outputNumber, 1);
        actions.hand(outputNumber, 2);
        actions.hand(socketNumber, CHILD_SOCKET);
        actions.closeFrom(CHILD_SOCKET + 1);
        return ChildProcess.start(program, arguments, ENVIRONMENT, actions);
      } finally {
        output.release();
        socket.release();
      }
    } catch (SystemCallException e) {
      throw new IOException("cannot run " + name + ": " + ErrorNumber.text(e.errno()), e);
    }
  }

  private static Descriptor reply(
      Path name, ChildProcess child, Descriptor socket, Descriptor errors, Duration limit)
      throws IOException {
    int socketNumber = socket.acquire();
    int errorsNumber = errors.acquire();
    boolean waited = false;
    try {
      FusermountReply reply = new FusermountReply(socketNumber, errorsNumber);
      Optional<Descriptor> device = reply.await(limit);
      if (device.isPresent()) {
        waited = true;
        return device.get();
      }
      if (!reply.ended()) {
        throw new IOException(name + " did not answer in " + limit.toSeconds() + " s");
      }
      int status = child.await();
      waited = true;
      throw new IOException(
          reply.text().isEmpty()
              ? name + " gave no reason, exit status " + status
              : name + " refused: " + reply.text().replaceFirst("^" + NAME + ": ", ""));
    } finally {
      errors.release();
      socket.release();
      if (!waited) {
        child.kill();
        child.awaitInBackground();
      }
    }
  }

  /** Whether the words of {@code options} say so; a comma behind a backslash belongs to a word. */
  static boolean stays(String options) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i <= options.length(); i++) {
      if (i == options.length() || options.charAt(i) == ',') {
        if (word.toString().equals("auto_unmount")) {
          return true;
        }
        word.setLength(0);
      } else if (options.charAt(i) == '\\' && i + 1 < options.length()) {
        word.append('\\').append(options.charAt(i + 1));
        i++;
      } else {
        word.append(options.charAt(i));
      }
    }
    return false;
  }

  private static byte[] path(Path path) {
    Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    return path.toString().getBytes(charset);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static boolean hasNul(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        return true;
      }
    }
    return false;
  }
}
