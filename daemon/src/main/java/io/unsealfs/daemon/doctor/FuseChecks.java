package io.unsealfs.daemon.doctor;

import io.unsealfs.mount.MountOptions;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The kernel's side of a mount. Looks at files that describe mounts, never at a mount point.
 *
 * @param root the directory that {@code /dev}, {@code /proc}, {@code /sys} and {@code /etc} are in
 * @param searchPath directories with programs
 */
public record FuseChecks(Path root, List<Path> searchPath) {
  private static final int CAP_SYS_ADMIN = 21;
  private static final String OUR_TYPE = "fuse.unsealfs";

  /** Pages of 4 KiB in a request of 1 MiB. */
  private static final long WANTED_PAGES = 256;

  /** What a mount sets for itself where it may. */
  private static final long WANTED_READ_AHEAD_KIB = MountOptions.DEFAULT_READ_AHEAD_BYTES >> 10;

  /** Looks at this host. */
  public static FuseChecks ofThisHost() {
    List<Path> path = new ArrayList<>();
    path.add(Path.of("/usr/bin"));
    for (String directory : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (directory.startsWith("/")) {
        path.add(Path.of(directory));
      }
    }
    return new FuseChecks(Path.of("/"), path);
  }

  /** The device: present, and this process may open it, which the mode alone does not tell. */
  public Diagnosis device() {
    Path device = root.resolve("dev/fuse");
    if (!Files.exists(device)) {
      return Diagnosis.fail(
          "/dev/fuse",
          "missing",
          "load the kernel module (modprobe fuse), or pass the device into the container");
    }
    try (FileChannel _ =
        FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return Diagnosis.ok("/dev/fuse", "present, can be opened");
    } catch (AccessDeniedException e) {
      return Diagnosis.fail(
          "/dev/fuse", "may not be opened by this user", "mend its mode or group (usually 0666)");
    } catch (IOException e) {
      return Diagnosis.fail(
          "/dev/fuse",
          "cannot be opened: " + e.getMessage(),
          "allow the device in the container's or unit's device rules (DeviceAllow=/dev/fuse rw)");
    }
  }

  /** Whether this process can mount itself, or through the helper of the fuse3 package. */
  public List<Diagnosis> privilege() {
    String status = text(root.resolve("proc/self/status"));
    if (hasSysAdmin(status)) {
      return List.of(Diagnosis.ok("right to mount", "CAP_SYS_ADMIN: mount(2) can be used"));
    }
    List<Diagnosis> found = new ArrayList<>();
    Optional<Path> helper = program("fusermount3");
    if (helper.isEmpty()) {
      found.add(
          Diagnosis.fail(
              "right to mount",
              "no CAP_SYS_ADMIN, and fusermount3 is missing",
              "install the package fuse3, or run as root (in a container: with CAP_SYS_ADMIN)"));
    } else if (status.lines().anyMatch(line -> line.matches("NoNewPrivs:\\s*1"))) {
      found.add(
          Diagnosis.fail(
              "right to mount",
              "no CAP_SYS_ADMIN, and no_new_privs takes the rights of " + helper.get(),
              "leave NoNewPrivileges= out of the unit, or run as root"));
    } else {
      found.add(Diagnosis.ok("right to mount", "through " + helper.get()));
    }
    boolean others =
        text(root.resolve("etc/fuse.conf"))
            .lines()
            .anyMatch(line -> line.strip().equals("user_allow_other"));
    found.add(
        others
            ? Diagnosis.ok("/etc/fuse.conf", "has user_allow_other")
            : Diagnosis.warn(
                "/etc/fuse.conf",
                "has no line user_allow_other: allow_other and allow_uid are refused",
                "add the line if other users are to look in"));
    return found;
  }

  /** How large one request may be. */
  public Diagnosis requestSize() {
    Path limit = root.resolve("proc/sys/fs/fuse/max_pages_limit");
    String text = text(limit).strip();
    if (!text.matches("[0-9]{1,9}")) {
      return Diagnosis.ok("FUSE requests", "up to 1 MiB (this kernel has no setting for it)");
    }
    long pages = Long.parseLong(text);
    String finding = "up to " + pages * 4 + " KiB (max_pages_limit " + pages + ")";
    return pages >= WANTED_PAGES
        ? Diagnosis.ok("FUSE requests", finding)
        : Diagnosis.warn(
            "FUSE requests",
            finding + ": large reads take more of them",
            "sysctl fs.fuse.max_pages_limit=" + WANTED_PAGES);
  }

  /** Whether a mount's read-ahead can be raised: it is the largest single knob there is. */
  public Diagnosis readAheadSetting() {
    Optional<Path> setting = anyReadAhead();
    if (setting.isPresent() && Files.isWritable(setting.get())) {
      return Diagnosis.ok("read-ahead", "can be set for a mount (sysfs is writable)");
    }
    return Diagnosis.warn(
        "read-ahead",
        "cannot be set for a mount, the kernel's 128 KiB stay: sequential reads are slower",
        "as root on the host: echo "
            + WANTED_READ_AHEAD_KIB
            + " > /sys/class/bdi/MAJOR:MINOR/read_ahead_kb after each mount, or give the container"
            + " a writable /sys");
  }

  private Optional<Path> anyReadAhead() {
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(root.resolve("sys/class/bdi"))) {
      for (Path device : devices) {
        Path setting = device.resolve("read_ahead_kb");
        if (Files.exists(setting)) {
          return Optional.of(setting);
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The read-ahead of each unsealfs mount there is. */
  public List<Diagnosis> runningMounts() {
    try {
      return runningMounts(MountTable.read());
    } catch (IOException e) {
      return List.of(
          Diagnosis.warn(
              "mounts", "the mount table cannot be read: " + e.getMessage(), "mount /proc"));
    }
  }

  List<Diagnosis> runningMounts(List<MountTable.Entry> table) {
    List<Diagnosis> found = new ArrayList<>();
    for (MountTable.Entry entry : table) {
      if (!entry.type().equals(OUR_TYPE)) {
        continue;
      }
      String what =
          "mount "
              + new String(entry.mountPoint(), StandardCharsets.UTF_8)
                  .replaceAll("\\p{Cntrl}", "?");
      Path setting =
          root.resolve("sys/class/bdi/" + entry.major() + ":" + entry.minor() + "/read_ahead_kb");
      String text = text(setting).strip();
      if (!text.matches("[0-9]{1,9}")) {
        found.add(Diagnosis.warn(what, "its read-ahead is not to be seen", "mount sysfs on /sys"));
      } else if (Long.parseLong(text) < WANTED_READ_AHEAD_KIB) {
        found.add(
            Diagnosis.warn(
                what,
                "read_ahead_kb is " + text,
                "as root: echo " + WANTED_READ_AHEAD_KIB + " > " + setting));
      } else {
        found.add(Diagnosis.ok(what, "read_ahead_kb is " + text));
      }
    }
    return found;
  }

  private static boolean hasSysAdmin(String status) {
    return status
        .lines()
        .filter(line -> line.matches("CapEff:\\s*[0-9a-f]{1,16}"))
        .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
        .anyMatch(capabilities -> (capabilities >>> CAP_SYS_ADMIN & 1) == 1);
  }

  private Optional<Path> program(String name) {
    return searchPath.stream()
        .map(directory -> directory.resolve(name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static String text(Path file) {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return String.join("\n", lines.limit(10_000).toList());
    } catch (IOException | java.io.UncheckedIOException e) {
      return "";
    }
  }
}
