package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * docs/configuration.md is what the option model says. {@code -Dunsealfs.write.reference=true}
 * writes it anew.
 */
class ConfigurationReferenceTest {
  private static final Path PAGE = Path.of("../docs/configuration.md");

  @Test
  void thePageIsUpToDate() throws IOException {
    String page = ConfigurationReference.page();
    if (Boolean.getBoolean("unsealfs.write.reference")) {
      Files.writeString(PAGE, page);
    }
    assertEquals(
        page,
        Files.readString(PAGE),
        "write it anew: mvn test -pl daemon -am -Dtest=ConfigurationReferenceTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Dunsealfs.write.reference=true");
  }

  @Test
  void everyOptionOfAMountIsThereWithItsDefault() {
    String page = ConfigurationReference.page();
    String mount = page.substring(page.indexOf("\n## unsealfs mount\n"));
    mount = mount.substring(0, mount.indexOf("\n## ", 4));
    for (String row :
        new String[] {
          "| `--cache SIZE` | the least of 256M,",
          "| `--metrics[=[ADDR:]PORT]` | off |",
          "| `--[no-]drop-behind` | no |",
          "| `--idle DURATION` | never |",
          "| `--on-expiry keep\\|stop-new-opens\\|unmount` |",
          "| `--foreground`, `-f` | off |",
        }) {
      assertTrue(mount.contains(row), row + " is not in\n" + mount);
    }
    assertFalse(mount.contains("${"), mount);
    assertFalse(mount.contains("--debug"), "an option of all commands is told once");
  }
}
