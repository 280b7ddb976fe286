package io.unsealfs.mount;

import io.unsealfs.mount.resident.ResidentPlan;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A JVM of its own that mounts and stays, to be killed. */
public final class ChildDaemon {
  private ChildDaemon() {}

  /** Arguments: mount point, transport; all files are resident. */
  public static void main(String[] args) throws Exception {
    MemoryTree tree = new MemoryTree();
    tree.file("file", 100_000);
    tree.file("model", 5_000_001);
    var mount =
        Transport.valueOf(args[1])
            .host()
            .mount(
                tree,
                Path.of(args[0]),
                Mounts.PLAIN.withResident(
                    Optional.of(new ResidentPlan(path -> true, 16 << 20, true))),
                FuseEvents.NONE);
    System.out.println("ready");
    while (!mount.awaitEnd(Duration.ofMinutes(5))) {
      System.out.println("still mounted");
    }
  }

  /** Returns once it has mounted. */
  public static Process start(Path point, Transport transport) throws IOException {
    Process daemon =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                ChildDaemon.class.getName(),
                point.toString(),
                transport.name())
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
