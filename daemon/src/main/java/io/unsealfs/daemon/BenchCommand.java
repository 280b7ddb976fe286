package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.crypto.NativeAes;
import io.unsealfs.daemon.bench.CipherSpeed;
import io.unsealfs.daemon.bench.ReadSpeed;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs bench}. */
@Command(
    name = "bench",
    description =
        "Measures the ciphers of this host and, where a SOURCE is given, how fast its largest file"
            + " can be read without a mount.")
final class BenchCommand implements Callable<Integer> {
  private static final long MOST_ENGINE_MILLIS = 5_000;
  private static final int MOST_SECONDS = 3600;

  private final Wiring wiring;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "SOURCE",
      description = "An encrypted volume to read from (needs --key).")
  @Nullable String source;

  @Mixin SourceOptions volume = new SourceOptions();

  @Mixin KeyOptions keys = new KeyOptions();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "1",
      description = "How long each figure takes at most (default: ${DEFAULT-VALUE}).")
  int seconds = 1;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  BenchCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (seconds < 1 || seconds > MOST_SECONDS) {
      throw new UsageException("--seconds " + seconds + ": from 1 to " + MOST_SECONDS);
    }
    Duration each = Duration.ofSeconds(seconds);
    // what a mount decrypts with
    NativeAes.prepare();
    boolean _ = NativeAes.await(MOST_ENGINE_MILLIS);
    if (source == null) {
      return report(each, Optional.empty());
    }
    volume.source = source;
    // opened before anything is measured, so that a wrong key is told at once
    try (OpenedVolume opened = OpenedVolume.open(wiring, volume, keys)) {
      return report(each, Optional.of(opened));
    }
  }

  private int report(Duration each, Optional<OpenedVolume> opened)
      throws IOException, InterruptedException {
    List<CipherSpeed> ciphers = new ArrayList<>();
    if (!json) {
      System.out.printf(
          "%-28s %9s %12s %12s%n", "MiB/s, one thread", "block", "first 4 MiB", "later");
    }
    CipherSpeed.measureAll(
        each,
        speed -> {
          ciphers.add(speed);
          if (!json) {
            System.out.println(line(speed));
          }
        });
    Optional<ReadSpeed> read =
        opened.isPresent()
            ? ReadSpeed.measure(opened.get().volume().tree(), each)
            : Optional.empty();
    if (json) {
      System.out.println(json(ciphers, read));
    } else if (read.isPresent()) {
      System.out.print(lines(read.get()));
    } else if (opened.isPresent()) {
      System.out.println("the volume has no file with content to read");
    }
    return ExitCode.DONE.status();
  }

  private static String line(CipherSpeed speed) {
    return String.format(
        Locale.ROOT,
        "%-28s %9s %12.0f %12.0f",
        speed.cipher(),
        new ByteSize(speed.blockBytes()),
        speed.firstMebibytesPerSecond(),
        speed.mebibytesPerSecond());
  }

  private static String lines(ReadSpeed read) {
    return String.format(
        Locale.ROOT,
        "%nlargest file of the volume, %.0f MiB, without a mount:%n"
            + "%-28s %12.0f MiB/s%n%-28s %12.0f MiB/s%n"
            + "%-28s %12.0f reads/s%n%-28s %12.0f reads/s%n",
        read.fileBytes() / (double) (1 << 20),
        "front to back",
        read.firstMebibytesPerSecond(),
        "front to back, again",
        read.mebibytesPerSecond(),
        "random 4 KiB, 1 thread",
        read.randomPerSecond(),
        "random 4 KiB, " + read.threads() + " threads",
        read.randomPerSecondParallel());
  }

  private static String json(List<CipherSpeed> ciphers, Optional<ReadSpeed> read)
      throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("java", Runtime.version().toString());
      out.writeNumberField("cores", Runtime.getRuntime().availableProcessors());
      out.writeArrayFieldStart("ciphers");
      for (CipherSpeed speed : ciphers) {
        out.writeStartObject();
        out.writeStringField("cipher", speed.cipher());
        out.writeNumberField("block_bytes", speed.blockBytes());
        out.writeNumberField("first_mib_s", Math.round(speed.firstMebibytesPerSecond()));
        out.writeNumberField("mib_s", Math.round(speed.mebibytesPerSecond()));
        out.writeEndObject();
      }
      out.writeEndArray();
      if (read.isPresent()) {
        ReadSpeed speed = read.get();
        out.writeObjectFieldStart("read");
        out.writeNumberField("file_bytes", speed.fileBytes());
        out.writeNumberField("first_mib_s", Math.round(speed.firstMebibytesPerSecond()));
        out.writeNumberField("mib_s", Math.round(speed.mebibytesPerSecond()));
        out.writeNumberField("random_4k_per_s", Math.round(speed.randomPerSecond()));
        out.writeNumberField("threads", speed.threads());
        out.writeNumberField(
            "random_4k_parallel_per_s", Math.round(speed.randomPerSecondParallel()));
        out.writeEndObject();
      }
      out.writeEndObject();
    }
    return text.toString();
  }
}
