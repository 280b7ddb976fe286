package io.unsealfs.mount.jnr;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HostRequirementsTest {
  private static final MountOptions OTHERS =
      new MountOptions("s", true, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0);

  @TempDir Path directory;

  private static String refusal(
      MountOptions options, Path device, Path conf, boolean root, boolean fusermount) {
    return String.valueOf(
        assertThrows(
                MountException.class,
                () -> HostRequirements.check(options, device, conf, root, fusermount))
            .getMessage());
  }

  @Test
  void whatIsMissingIsNamedWithItsCure() throws Exception {
    Path device = Files.createFile(directory.resolve("fuse"));
    Path conf = Files.writeString(directory.resolve("fuse.conf"), "#user_allow_other\n");
    Path none = directory.resolve("none");
    assertTrue(refusal(Mounts.PLAIN, none, conf, true, true).contains("there is no " + none));
    assertTrue(refusal(Mounts.PLAIN, device, conf, false, false).contains("fusermount is missing"));
    assertTrue(refusal(OTHERS, device, conf, false, true).contains("user_allow_other"));
    assertTrue(
        refusal(Mounts.options(List.of(1)), device, none, false, true)
            .contains("user_allow_other"));
  }

  @Test
  void whatSufficesIsTaken() throws Exception {
    Path device = Files.createFile(directory.resolve("fuse"));
    Path conf = Files.writeString(directory.resolve("fuse.conf"), "# x\nuser_allow_other\n");
    assertDoesNotThrow(() -> HostRequirements.check(OTHERS, device, conf, false, true));
    assertDoesNotThrow(
        () -> HostRequirements.check(OTHERS, device, directory.resolve("no"), true, false));
  }

  @Test
  void optionWordsCannotBeSmuggledThroughTheSourceName() throws Exception {
    MountOptions options =
        new MountOptions(
            "a,allow_other\\", false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0);
    String words = MountArguments.options(options, false);
    assertTrue(words.contains("fsname=a\\,allow_other\\\\,max_read"), words);
    assertFalse(List.of(words.split("(?<!\\\\),", -1)).contains("allow_other"), words);
    for (String bad : List.of("", "a\nb", "x".repeat(1025))) {
      assertThrows(
          MountException.class,
          () ->
              MountArguments.options(
                  new MountOptions(
                      bad, false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0),
                  false));
    }
  }
}
