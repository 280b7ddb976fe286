package io.unsealfs.systemd;

import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Debian with its systemd, booted in a container. The files of a fresh Debian are made once for all
 * runs, below the user's cache directory, and never changed: a run works on an overlay.
 */
final class BootedSystem {
  private static final String PACKAGES = "systemd,systemd-sysv,dbus,fuse3,kmod";
  private static final String SUITE = "bookworm";
  private static final long DEBOOTSTRAP_MINUTES = 10;
  private static final long BOOT_SECONDS = 60;
  private static final long SCRIPT_SECONDS = 280;

  private final Path scratch;
  private final Path root;
  private final Process container;
  private final long leader;

  private BootedSystem(Path scratch, Path root, Process container, long leader) {
    this.scratch = scratch;
    this.root = root;
    this.container = container;
    this.leader = leader;
  }

  /** What has to be there. */
  static void requireTools() {
    Needs.root();
    Needs.fuse();
    Needs.programs("debootstrap", "systemd-nspawn", "nsenter", "dpkg-deb", "journalctl");
  }

  /**
   * The files to boot, an overlay over a fresh Debian.
   *
   * @param scratch a directory of the caller's, on a file system that can be an upper layer
   */
  static Path files(Path scratch) throws IOException, InterruptedException {
    Path lower = debian();
    Path root = Files.createDirectory(scratch.resolve("root"));
    Files.createDirectory(scratch.resolve("upper"));
    Files.createDirectory(scratch.resolve("work"));
    Tool.run(
        30,
        "mount",
        "-t",
        "overlay",
        "overlay",
        "-o",
        "lowerdir="
            + lower
            + ",upperdir="
            + scratch.resolve("upper")
            + ",workdir="
            + scratch.resolve("work"),
        root.toString());
    // kept over a reboot, and readable from outside
    Files.createDirectories(root.resolve("var/log/journal"));
    return root;
  }

  static void removeFiles(Path root) throws IOException, InterruptedException {
    Tool.run(30, "umount", "-l", root.toString());
  }

  private static Path debian() throws IOException, InterruptedException {
    String home =
        System.getenv().getOrDefault("XDG_CACHE_HOME", System.getProperty("user.home") + "/.cache");
    Path cache = Files.createDirectories(Path.of(home, "unsealfs-tests"));
    Path made = cache.resolve("debian-" + SUITE + "-" + PACKAGES.replace(',', '+'));
    try (RandomAccessFile lock = new RandomAccessFile(cache.resolve("lock").toFile(), "rw");
        var _ = lock.getChannel().lock()) {
      if (!Files.isDirectory(made)) {
        Path making = Files.createTempDirectory(cache, "making-");
        Tool.run(
            TimeUnit.MINUTES.toSeconds(DEBOOTSTRAP_MINUTES),
            "debootstrap",
            "--variant=minbase",
            "--include=" + PACKAGES,
            SUITE,
            making.toString());
        Tool.run(
            60,
            "sh",
            "-c",
            "rm -rf \"$0\"/var/cache/apt/archives/*.deb \"$0\"/var/lib/apt/lists/*",
            making.toString());
        Tool.run(10, "chmod", "755", making.toString());
        Files.move(making, made, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    return made;
  }

  /** Boots {@code root} and waits until its units are up. */
  static BootedSystem boot(Path scratch, Path root) throws IOException, InterruptedException {
    Path console = Files.createTempFile(scratch, "console-", ".txt");
    Process container =
        new ProcessBuilder(
                "systemd-nspawn",
                "--quiet",
                "--directory=" + root,
                "--boot",
                "--register=no",
                "--keep-unit",
                "--private-network",
                "--link-journal=no",
                "--console=read-only",
                "--bind=/dev/fuse",
                "--bind=/dev/autofs",
                "systemd.show_status=no")
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(console.toFile())
            .start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOOT_SECONDS);
    while (System.nanoTime() < deadline && container.isAlive()) {
      List<Long> children = container.children().map(ProcessHandle::pid).toList();
      for (long child : children) {
        BootedSystem booted = new BootedSystem(scratch, root, container, child);
        if (booted.isUp()) {
          return booted;
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    container.destroyForcibly();
    throw new AssertionError("systemd did not come up: " + Files.readString(console));
  }

  private boolean isUp() throws IOException, InterruptedException {
    // degraded is up as well: a container lacks this and that
    return Tool.status(
            BOOT_SECONDS,
            enter("systemctl is-system-running --wait | grep -qE '^(running|degraded)$'"))
        == 0;
  }

  private String[] enter(String script) {
    return new String[] {
      "nsenter",
      "--target",
      Long.toString(leader),
      "--mount",
      "--uts",
      "--ipc",
      "--net",
      "--pid",
      "--root",
      "--wd",
      "--",
      "/usr/bin/env",
      "-i",
      "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LC_ALL=C.UTF-8",
      "HOME=/root",
      "/bin/bash",
      "-euo",
      "pipefail",
      "-c",
      script
    };
  }

  /** Its root directory as this process sees it. */
  Path root() {
    return root;
  }

  /**
   * Runs a script inside, as root; fails with what it said unless it ends with 0.
   *
   * @return its standard output and error
   */
  String sh(String script) throws IOException, InterruptedException {
    // await CONDITION: asks for it again and again, a minute long
    String prelude =
        """
        await() {
          for _ in $(seq 600); do
            if eval "$1"; then return 0; fi
            sleep 0.1
          done
          echo "never: $1"
          systemctl --no-pager --failed || true
          journalctl --no-pager -n 40 || true
          return 1
        }
        """;
    return Tool.run(SCRIPT_SECONDS, enter(prelude + script));
  }

  /** Shuts it down in order. */
  void powerOff() throws IOException, InterruptedException {
    Tool.run(30, enter("systemctl --no-block poweroff"));
    if (!container.waitFor(BOOT_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("it does not shut down; see " + scratch);
    }
  }

  /** Ends it at once, if it still runs. */
  void kill() throws InterruptedException {
    if (container.isAlive()) {
      container.descendants().forEach(ProcessHandle::destroyForcibly);
      container.destroyForcibly();
      boolean _ = container.waitFor(BOOT_SECONDS, TimeUnit.SECONDS);
    }
  }
}
