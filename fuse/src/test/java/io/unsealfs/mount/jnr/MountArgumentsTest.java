package io.unsealfs.mount.jnr;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class MountArgumentsTest {

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
