package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.LeaseTerms;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What is said about a secret on the command line. */
class ConditionOptionsTest {
  @Command
  private static final class Words {
    @Mixin private final ConditionOptions options = new ConditionOptions();
  }

  private static ConditionOptions parse(String words) {
    return CommandLine.populateCommand(new Words(), words.split(" ")).options;
  }

  @Test
  void aLeaseIsSaidLikeInTheConfiguration() throws IOException {
    ConditionOptions options = parse("--lease-expires-after 1h --lease-renew-every 5m");
    assertTrue(options.isAny());
    assertEquals(
        new LeaseTerms(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofMinutes(5))),
        options.conditions().terms().lease());
  }

  @Test
  void withoutWordsThereIsNoLease() throws IOException {
    ConditionOptions options = new ConditionOptions();
    assertFalse(options.isAny());
    assertTrue(options.conditions().terms().lease().isNone());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--lease-expires-after 1",
        "--lease-expires-after 0s",
        "--lease-expires-after 3661d",
        "--lease-renew-every 5m",
        "--lease-expires-after 5m --lease-renew-every 5m",
        "--lease-expires-after 1h --lease-renew-every 1w",
        "--volume-digest sha256:0A",
        "--expires-at 2027-01-01T00:00:00.5Z"
      })
  void whatCannotBeMeantIsRefused(String words) {
    assertThrows(UsageException.class, () -> parse(words).conditions());
  }
}
