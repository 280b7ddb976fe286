package io.unsealfs.mount.point;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HostRequirementsTest {
  private static final MountOptions OTHERS =
      new MountOptions("s", true, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0);

  @TempDir Path directory;

  private static final MountOptions PLAIN =
      new MountOptions("s", false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0);
  private static final MountOptions ONE_USER =
      new MountOptions("s", false, List.of(1), OptionalInt.empty(), OptionalInt.empty(), 0);
  private static final Optional<Path> PROGRAM = Optional.of(Path.of("/usr/bin/fusermount3"));

  private static String refusal(
      MountOptions options, Path device, Path conf, boolean root, boolean fusermount) {
    return String.valueOf(
        assertThrows(
                MountException.class,
                () ->
                    HostRequirements.check(
                        options, device, true, conf, root, fusermount ? PROGRAM : Optional.empty()))
            .getMessage());
  }

  @Test
  void whatIsMissingIsNamedWithItsCure() throws Exception {
    Path device = Files.createFile(directory.resolve("fuse"));
    Path conf = Files.writeString(directory.resolve("fuse.conf"), "#user_allow_other\n");
    Path none = directory.resolve("none");
    assertTrue(refusal(PLAIN, none, conf, true, true).contains("there is no " + none));
    assertTrue(refusal(PLAIN, device, conf, false, false).contains("fusermount is missing"));
    assertTrue(refusal(OTHERS, device, conf, false, true).contains("user_allow_other"));
    assertTrue(refusal(ONE_USER, device, none, false, true).contains("user_allow_other"));
  }

  @Test
  void whatSufficesIsTaken() throws Exception {
    Path device = Files.createFile(directory.resolve("fuse"));
    Path conf = Files.writeString(directory.resolve("fuse.conf"), "# x\nuser_allow_other\n");
    assertDoesNotThrow(() -> HostRequirements.check(OTHERS, device, true, conf, false, PROGRAM));
    assertDoesNotThrow(() ->
        HostRequirements.check(
            OTHERS, device, true, directory.resolve("no"), true, Optional.empty()));
  }
}
