package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.daemon.status.RecordJson;
import io.unsealfs.daemon.status.StatusText;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a daemon says of itself, as {@code unsealfs status} reads and shows it. */
final class StatusTarget {
  private StatusTarget() {}

  private static List<byte[]> texts(String... texts) {
    return Stream.of(texts).map(text -> text.getBytes(UTF_8)).toList();
  }

  /** What is read can be written and read again, and is shown without control characters. */
  static FuzzTarget make() {
    MountStatus status =
        new MountStatus(
            "1.0",
            4711,
            "/models",
            "/srv/enc",
            "ready",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            1000,
            Optional.of("gocryptfs"),
            Optional.empty(),
            new MountStatus.Key(
                Optional.of("file"), "held", Optional.of(9L), 1, 0, Optional.empty(), "keep"),
            new MountStatus.Cache(1, 2, 3, 4, 5, 6, 7, 8),
            new MountStatus.Work(1, 2, 3, 4, 5, 6, 7, 8),
            new MountStatus.ReadAhead(1, 2, 3),
            Optional.of(new MountStatus.Preload("running", 1, 2, 3)),
            new MountStatus.Resident(true, "asked for", 1, 2, 3, 4, 5, 6, 7),
            new MountStatus.Requests(1, 2, 3, 4, 5, 6),
            new MountStatus.Errors(
                1, 1, 1, 0, List.of(new MountStatus.FileErrors("a", "damaged", "read", 1, "now"))),
            Optional.of(
                new MountStatus.Store(
                    "s3",
                    1,
                    2,
                    3,
                    4,
                    5,
                    6,
                    7,
                    8,
                    9,
                    1,
                    2,
                    3,
                    4,
                    5,
                    6,
                    new MountStatus.Faults(
                        1, 2, 3, List.of(new MountStatus.Counted("a", 1)), List.of(), 5),
                    new MountStatus.Pace(1, 2, 3, 4),
                    new MountStatus.Ahead(1, 2, 3),
                    new MountStatus.Chunks(1, 2, 3, 4, 5, 6, 7),
                    Optional.of(
                        new MountStatus.Listing(
                            1, 2, List.of(new MountStatus.Skipped("nul", 1)), 3, 4, 5, 6, 7, 8)),
                    Optional.of(new MountStatus.Heads(1, 2, 3, 4)),
                    new MountStatus.Credentials(Optional.of(1L), 2, 3))),
            Optional.empty());
    return new ParserTarget(
        "status",
        List.of(RecordJson.write(status).getBytes(UTF_8)),
        texts(
            "null",
            "{",
            "}",
            "[",
            "]",
            "\"",
            "-1",
            "9223372036854775808",
            "true",
            "\\u001b",
            "pid"),
        StatusTarget::read);
  }

  private static void read(byte[] input) throws IOException {
    MountStatus read = RecordJson.read(new String(input, UTF_8), MountStatus.class);
    assertEquals(read, RecordJson.read(RecordJson.write(read), MountStatus.class));
    for (String line : StatusText.lines(read, Optional.of(read))) {
      if (line.chars().anyMatch(Character::isISOControl)) {
        throw new AssertionError("a control character is shown");
      }
    }
  }
}
