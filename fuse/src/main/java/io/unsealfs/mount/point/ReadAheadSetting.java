package io.unsealfs.mount.point;

import io.unsealfs.mount.MountOptions;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalInt;

/**
 * How far the kernel reads ahead of a sequential reader of one mount. It decides how large the
 * requests become, see docs/performance.md.
 *
 * @param beforeKib as it was found, KiB; empty where that cannot be told
 * @param nowKib what the kernel uses now, KiB; empty where that cannot be told
 * @param text both, or why it was not set, in one line
 */
public record ReadAheadSetting(OptionalInt beforeKib, OptionalInt nowKib, String text) {
  private static final Path DEVICES = Path.of("/sys/class/bdi");
  private static final int MOST_KIB = 1 << 20;
  private static final int NUMBER_BYTES = 32;

  /**
   * Sets it, where sysfs can be written; looks at sysfs only and never at the mount point. To be
   * called after the FUSE handshake, in which the kernel takes the least of its own figure and the
   * one it is told.
   *
   * @param wantedKib 0 to 1 GiB, in KiB
   */
  public static ReadAheadSetting set(MountTable.Entry mount, int wantedKib) {
    return set(DEVICES, mount, wantedKib);
  }

  /** Sets what {@code options} ask for; looks only where they leave the kernel's default. */
  public static ReadAheadSetting asked(MountTable.Entry mount, MountOptions options) {
    return options.readAheadBytes() == 0
        ? of(mount)
        : set(mount, Math.min(MOST_KIB, options.readAheadBytes() >> 10));
  }

  /** Looks only. */
  public static ReadAheadSetting of(MountTable.Entry mount) {
    OptionalInt now = read(file(DEVICES, mount));
    return new ReadAheadSetting(
        now, now, now.isPresent() ? now.getAsInt() + " KiB" : "unknown: sysfs does not show it");
  }

  static ReadAheadSetting set(Path devices, MountTable.Entry mount, int wantedKib) {
    if (wantedKib < 0 || wantedKib > MOST_KIB) {
      throw new IllegalArgumentException("read-ahead of " + wantedKib + " KiB");
    }
    Path file = file(devices, mount);
    OptionalInt before = read(file);
    String refusal = "";
    if (before.isEmpty() || before.getAsInt() != wantedKib) {
      refusal = write(file, wantedKib);
    }
    OptionalInt now = read(file);
    return new ReadAheadSetting(before, now, text(before, now, wantedKib, refusal));
  }

  private static Path file(Path devices, MountTable.Entry mount) {
    return devices.resolve(mount.major() + ":" + mount.minor()).resolve("read_ahead_kb");
  }

  private static String text(OptionalInt before, OptionalInt now, int wantedKib, String refusal) {
    String is = now.isPresent() ? now.getAsInt() + " KiB" : "unknown";
    if (!refusal.isEmpty()) {
      return is + ", not set to " + wantedKib + " KiB: " + refusal;
    }
    if (now.isEmpty() || now.getAsInt() != wantedKib) {
      return is + ", though set to " + wantedKib + " KiB";
    }
    return before.equals(now) || before.isEmpty() ? is : is + ", was " + before.getAsInt() + " KiB";
  }

  /** Why not; empty when written. */
  private static String write(Path file, int kib) {
    try {
      // only WRITE: sysfs files are neither made nor cut
      Files.writeString(file, Integer.toString(kib), StandardOpenOption.WRITE);
      return "";
    } catch (NoSuchFileException e) {
      return "there is no " + file;
    } catch (AccessDeniedException e) {
      return file + " may not be written by this user";
    } catch (IOException e) {
      // such as "/sys/...: Read-only file system", as in most containers
      return String.valueOf(e.getMessage());
    }
  }

  private static OptionalInt read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(NUMBER_BYTES), StandardCharsets.US_ASCII).strip();
      int kib = Integer.parseInt(text);
      return kib < 0 ? OptionalInt.empty() : OptionalInt.of(kib);
    } catch (IOException | NumberFormatException e) {
      return OptionalInt.empty();
    }
  }
}
