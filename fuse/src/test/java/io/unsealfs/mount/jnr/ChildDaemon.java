package io.unsealfs.mount.jnr;

import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.MemoryTree;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A JVM of its own that mounts and stays, to be killed. */
final class ChildDaemon {
  private ChildDaemon() {}

  /** Arguments: mount point, auto_unmount. */
  public static void main(String[] args) throws Exception {
    MemoryTree tree = new MemoryTree();
    tree.file("file", 100_000);
    var mount =
        new JnrFuseHost(Boolean.parseBoolean(args[1]))
            .mount(tree, Path.of(args[0]), Mounts.PLAIN, FuseEvents.NONE);
    System.out.println("ready");
    while (!mount.awaitEnd(Duration.ofMinutes(5))) {
      System.out.println("still mounted");
    }
  }

  /** Returns once it has mounted. */
  static Process start(Path point, boolean autoUnmount) throws IOException {
    Process daemon =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                ChildDaemon.class.getName(),
                point.toString(),
                Boolean.toString(autoUnmount))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader output = daemon.inputReader();
    @Nullable String line = output.readLine();
    if (!"ready".equals(line)) {
      daemon.destroyForcibly();
      throw new IOException("the child daemon said " + line);
    }
    return daemon;
  }
}
