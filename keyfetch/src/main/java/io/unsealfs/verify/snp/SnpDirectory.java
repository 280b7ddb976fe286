package io.unsealfs.verify.snp;

import io.unsealfs.verify.VerificationException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The certificates ({@code *.pem}, {@code *.crt}, {@code *.cer}, {@code *.der}) and revocation
 * lists ({@code *.crl}) of a directory, read again every minute. A file that cannot be used is
 * named in the log and left out. Thread-safe.
 */
public final class SnpDirectory implements SnpSource {
  private static final Logger LOG = System.getLogger(SnpDirectory.class.getName());
  private static final String FILES = "[!.]*.{pem,crt,cer,der,crl}";
  private static final int MAX_FILES = 1024;
  private static final int MAX_FILE_BYTES = 1 << 20;
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  private final Path directory;
  private final AmdRoots roots;
  private final LongSupplier nanoClock;
  private final AtomicLong lookedAtNanos;
  private volatile SnpEndorsements endorsements;

  /**
   * Opens a directory and reads it.
   *
   * @param nanoClock a clock that only goes forward
   * @throws IOException if it cannot be listed, or holds too much
   */
  public SnpDirectory(Path directory, AmdRoots roots, LongSupplier nanoClock) throws IOException {
    this.directory = directory;
    this.roots = roots;
    this.nanoClock = nanoClock;
    this.lookedAtNanos = new AtomicLong(nanoClock.getAsLong());
    this.endorsements = read();
  }

  @Override
  public SnpEndorsements now() {
    long now = nanoClock.getAsLong();
    long before = lookedAtNanos.get();
    if (now - before >= LOOK_AGAIN.toNanos() && lookedAtNanos.compareAndSet(before, now)) {
      try {
        endorsements = read();
      } catch (IOException e) {
        LOG.log(
            Level.WARNING,
            "directory {0} cannot be read, what was read before stays: {1}",
            directory,
            e.toString());
      }
    }
    return endorsements;
  }

  private SnpEndorsements read() throws IOException {
    SnpEndorsements.Builder builder = new SnpEndorsements.Builder(roots);
    int files = 0;
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, FILES)) {
      for (Path file : stream) {
        if (++files > MAX_FILES) {
          throw new IOException("directory %s: more than %d files".formatted(directory, MAX_FILES));
        }
        add(builder, file);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return builder.build();
  }

  private static void add(SnpEndorsements.Builder builder, Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
      if (bytes.length > MAX_FILE_BYTES) {
        throw new IOException("larger than 1 MiB");
      }
      builder.add(bytes);
    } catch (VerificationException e) {
      LOG.log(Level.WARNING, "{0} is not used: {1}", file, e.getMessage());
    } catch (IOException e) {
      LOG.log(Level.WARNING, "{0} cannot be read: {1}", file, e.toString());
    }
  }
}
