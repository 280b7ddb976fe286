package io.unsealfs.daemon.demo;

import io.unsealfs.daemon.demo.Program.Running;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The whole story on one machine. Every step is a real command of this program in a process of its
 * own; this class only writes the model, looks at the mount as any program would, and flips a byte.
 */
public final class Demo {
  private static final int BLOCK = 4096;
  private static final Pattern SERVING =
      Pattern.compile("serving on port ([0-9]+); identity (sha256:[0-9a-f]{64})");
  private static final String SECRET = "demo-model";

  private final PrintStream out;
  private final long weightBytes;
  private final long started = System.nanoTime();

  private Demo(PrintStream out, long weightBytes) {
    this.out = out;
    this.weightBytes = weightBytes;
  }

  /**
   * Tells the story, one line per step.
   *
   * @param weightBytes size of the model's weights
   * @throws IOException if any step does not hold
   */
  public static void run(PrintStream out, long weightBytes)
      throws IOException, InterruptedException {
    Path work = Files.createTempDirectory("unsealfs-demo-");
    Thread abandoned = new Thread(() -> deleteQuietly(work), "unsealfs-demo-clean-up");
    Runtime.getRuntime().addShutdownHook(abandoned);
    try {
      new Demo(out, weightBytes).story(work);
    } finally {
      delete(work);
      Runtime.getRuntime().removeShutdownHook(abandoned);
    }
  }

  private void story(Path work) throws IOException, InterruptedException {
    Path model = work.resolve("model");
    Path volume = work.resolve("volume");
    Path server = work.resolve("keyserver");
    Path mountPoint = Files.createDirectory(work.resolve("mnt"));

    long from = System.nanoTime();
    ModelTree.write(model, weightBytes);
    step(
        from,
        "model      " + (weightBytes >> 20) + " MiB of safetensors, config, tokenizer, a link");

    from = System.nanoTime();
    Program.run(
        0, "keyserver", "init", server.toString(), "--listen", "127.0.0.1:0", "--allow-sample");
    Program.run(
        0,
        "keyserver",
        "secret",
        "add",
        "--config",
        config(server),
        "--generate",
        SECRET,
        "--allow",
        "sample");
    step(from, "key        made by the key server's owner, wrapped under a key-encryption key");

    try (Running keyServer =
        Program.start("serving on port", "keyserver", "--config", config(server))) {
      from = System.nanoTime();
      Matcher serving = SERVING.matcher(keyServer.awaitLine());
      if (!serving.find()) {
        throw new IOException("the key server did not say its port: " + keyServer.lastLine());
      }
      String address = "grpc://127.0.0.1:" + serving.group(1) + "/";
      String pin = serving.group(2);
      step(from, "key server " + address + ", identity " + pin.substring(0, 23) + "…");

      String[] keyWords = {"--key", address + SECRET, "--server-pin", pin, "--attester", "sample"};
      from = System.nanoTime();
      Program.run(0, words("encrypt", model.toString(), volume.toString(), keyWords));
      step(from, "encrypt    gocryptfs volume written, key fetched over the attested channel");

      from = System.nanoTime();
      SortedMap<String, String> expected = Digests.of(model);
      try (Running _ = mount(volume, mountPoint, keyWords)) {
        step(from, "mount      attested (sample evidence: proves nothing), key fetched, mounted");
        from = System.nanoTime();
        SortedMap<String, String> seen = Digests.of(mountPoint);
        if (!seen.equals(expected)) {
          throw new IOException("the mount differs from the model: " + seen + " / " + expected);
        }
        step(from, "read       " + seen.size() + " entries through the mount, every hash equal");
      }

      long damaged = flipByte(volume);
      from = System.nanoTime();
      try (Running mounted = mount(volume, mountPoint, keyWords)) {
        expectDamage(mountPoint.resolve(ModelTree.WEIGHTS), damaged);
        if (!mounted.said("damaged")) {
          throw new IOException("the damage is not in the log");
        }
        step(from, "damage     one ciphertext byte flipped: EIO for its 4 KiB, the rest reads on");
      }

      from = System.nanoTime();
      Running denied =
          Program.run(
              21, "key", "fetch", address + SECRET, "--server-pin", pin, "--attester", "none");
      step(from, "denied     without evidence: " + denied.lastLine());
    }
    out.printf("%6.2f s  all of it held%n", (System.nanoTime() - started) / 1e9);
  }

  private static Running mount(Path volume, Path mountPoint, String[] keyWords)
      throws IOException, InterruptedException {
    Running mounted =
        Program.start(
            "mounted on",
            words("mount", volume.toString(), mountPoint.toString(), keyWords, "--foreground"));
    try {
      mounted.awaitLine();
    } catch (IOException e) {
      mounted.close();
      throw e;
    }
    return mounted;
  }

  private static String config(Path server) {
    return server.resolve("keyserver.yaml").toString();
  }

  private static String[] words(
      String command, String first, String second, String[] keys, String... more) {
    return Stream.of(List.of(command, first, second), List.of(keys), List.of(more))
        .flatMap(List::stream)
        .toArray(String[]::new);
  }

  /** Changes one byte in the middle of the largest ciphertext file; gives its plaintext block. */
  private static long flipByte(Path volume) throws IOException {
    Path largest;
    try (Stream<Path> files = Files.walk(volume)) {
      largest =
          files
              .filter(Files::isRegularFile)
              .max(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
    }
    try (RandomAccessFile file = new RandomAccessFile(largest.toFile(), "rw")) {
      long offset = file.length() / 2;
      file.seek(offset);
      int old = file.read();
      file.seek(offset);
      file.write(old ^ 1);
      // header of 18 bytes, then blocks of nonce, 4096 bytes and tag
      return (offset - 18) / (16 + BLOCK + 16);
    }
  }

  private static void expectDamage(Path file, long block) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      for (long good : new long[] {0, block - 1, block + 1}) {
        if (channel.read(ByteBuffer.allocate(BLOCK), good * BLOCK) != BLOCK) {
          throw new IOException("block " + good + " is undamaged and cannot be read");
        }
      }
      try {
        channel.read(ByteBuffer.allocate(BLOCK), block * BLOCK);
      } catch (IOException e) {
        return;
      }
      throw new IOException("the damaged block was served");
    }
  }

  private void step(long from, String text) {
    out.printf("%6.2f s  %s%n", (System.nanoTime() - from) / 1e9, text);
  }

  private static void deleteQuietly(Path work) {
    try {
      delete(work);
    } catch (IOException e) {
      System.err.println("unsealfs: left behind: " + work);
    }
  }

  private static void delete(Path work) throws IOException {
    if (Files.notExists(work)) {
      return;
    }
    try (Stream<Path> files = Files.walk(work)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
