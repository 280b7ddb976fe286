package io.unsealfs.daemon;

import io.unsealfs.key.Secret;
import io.unsealfs.os.ProcessControl;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code unsealfs key fetch}. */
@Command(
    name = "fetch",
    description = "Prints a secret to standard output, for piping into other tools.")
final class KeyFetchCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(arity = "0..1", paramLabel = "KEY", description = "As for --key.")
  @Nullable String reference;

  @Mixin KeyOptions keys = new KeyOptions();

  KeyFetchCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    if (reference != null) {
      keys.keys = List.of(reference);
    }
    return wiring
        .keyFetch(keys)
        .withFirst(
            keys.references(),
            (one, secret) -> {
              print(secret);
              return ExitCode.DONE.status();
            },
            failure -> false);
  }

  private static void print(Secret secret) throws IOException {
    try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
      secret.use(bytes -> {
        try {
          out.write(bytes);
          return bytes.length;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (UncheckedIOException e) {
      throw new IOException("standard output: " + e.getMessage(), e);
    }
  }
}
