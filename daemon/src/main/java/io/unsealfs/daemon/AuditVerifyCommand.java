package io.unsealfs.daemon;

import io.unsealfs.keyserver.AuditVerifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs audit verify}. */
@Command(
    name = "verify",
    description =
        "Follows the chain of a key server's audit log and says at which line it breaks. Exit code"
            + " 0 if it holds, 26 if lines were changed, dropped, moved or cut. That whole lines"
            + " are missing at the end shows only with --expect or --expect-last.")
final class AuditVerifyCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", arity = "1..*", description = "The log's files, oldest first.")
  List<Path> files = List.of();

  @Option(
      names = "--expect",
      paramLabel = "HASH",
      description = "A hash the server has logged: one of the lines has to have it.")
  List<String> expected = List.of();

  @Option(
      names = "--expect-last",
      paramLabel = "HASH",
      description = "The hash that the last line has to have.")
  @Nullable String expectedLast;

  @Option(
      names = "--after",
      paramLabel = "HASH",
      description = "Hash of the last line of an older file, which the first line has to follow.")
  @Nullable String after;

  @Override
  public Integer call() throws IOException {
    Set<String> awaited = new HashSet<>();
    for (String one : expected) {
      awaited.add(hash("--expect", one));
    }
    Optional<String> last = optionalHash("--expect-last", expectedLast);
    last.ifPresent(awaited::add);
    AuditVerifier verifier = new AuditVerifier(optionalHash("--after", after), awaited);
    for (Path file : files) {
      verifier.read(file);
    }
    AuditVerifier.Head head = verifier.finish(last);
    verifier.notes().forEach(System.out::println);
    System.out.println(
        "good: %d lines; the last is number %d and has the hash %s"
            .formatted(head.lines(), head.sequence(), head.hash()));
    return ExitCode.DONE.status();
  }

  private static Optional<String> optionalHash(String option, @Nullable String text)
      throws UsageException {
    return text == null ? Optional.empty() : Optional.of(hash(option, text));
  }

  private static String hash(String option, String text) throws UsageException {
    String digits = text.toLowerCase(Locale.ROOT);
    if (!digits.matches("[0-9a-f]{64}")) {
      throw new UsageException(option + ": takes the 64 hexadecimal digits of a line's hash");
    }
    return digits;
  }
}
