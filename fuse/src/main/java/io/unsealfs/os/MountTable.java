package io.unsealfs.os;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The mounts this process sees, from {@code /proc/self/mountinfo}. Asking the table never touches a
 * mount point, so it cannot hang on a dead one.
 */
public final class MountTable {
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

  /** Largest table read; some 200 bytes are one mount. */
  private static final int MAX_BYTES = 64 * 1024 * 1024;

  // Of one line: id, parent, major:minor, root, mount point, options, optional fields ..., "-",
  // type, source, super options.
  private static final int ID = 0;
  private static final int DEVICE = 2;
  private static final int MOUNT_POINT = 4;
  private static final int OPTIONS = 5;
  private static final int FIRST_OPTIONAL = 6;

  /**
   * One mount.
   *
   * @param id mount id, unique while mounted
   * @param major device number of the file system, first half
   * @param minor device number of the file system, second half
   * @param mountPoint where, as bytes
   * @param options options of the mount, as the table has them
   * @param type file system type with its subtype, such as {@code fuse.unsealfs}
   * @param source what is mounted, as bytes; chosen by whoever mounted it
   */
  @SuppressWarnings("ArrayRecordComponent") // carries bytes, is never compared
  public record Entry(
      int id, int major, int minor, byte[] mountPoint, String options, String type, byte[] source) {

    /** Whether this is mounted at the absolute path {@code path}. */
    public boolean isAt(byte[] path) {
      return Arrays.equals(mountPoint, path);
    }
  }

  private MountTable() {}

  /** The present mounts, in the order of mounting: of several at one place the last is on top. */
  public static List<Entry> read() throws IOException {
    try (InputStream table = Files.newInputStream(MOUNTINFO)) {
      return parse(table.readNBytes(MAX_BYTES));
    }
  }

  /** The entries of {@code table}; lines of another shape are left out. */
  static List<Entry> parse(byte[] table) {
    List<Entry> entries = new ArrayList<>();
    for (byte[] line : split(table, (byte) '\n')) {
      Entry entry = entry(line);
      if (entry != null) {
        entries.add(entry);
      }
    }
    return entries;
  }

  private static @Nullable Entry entry(byte[] line) {
    List<byte[]> fields = split(line, (byte) ' ');
    int dash = FIRST_OPTIONAL;
    while (dash < fields.size() && !text(fields.get(dash)).equals("-")) {
      dash++;
    }
    // An empty source leaves an empty field, which is a field all the same.
    if (dash + 2 >= fields.size()) {
      return null;
    }
    String[] device = text(fields.get(DEVICE)).split(":", -1);
    if (device.length != 2) {
      return null;
    }
    try {
      return new Entry(
          Integer.parseInt(text(fields.get(ID))),
          Integer.parseInt(device[0]),
          Integer.parseInt(device[1]),
          unescaped(fields.get(MOUNT_POINT)),
          text(fields.get(OPTIONS)),
          text(unescaped(fields.get(dash + 1))),
          unescaped(fields.get(dash + 2)));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static List<byte[]> split(byte[] bytes, byte separator) {
    List<byte[]> parts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == separator) {
        parts.add(Arrays.copyOfRange(bytes, from, i));
        from = i + 1;
      }
    }
    return parts;
  }

  /** Blank, tab, newline, backslash and hash stand as a backslash and three octal digits. */
  private static byte[] unescaped(byte[] field) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(field.length);
    int i = 0;
    while (i < field.length) {
      if (field[i] == '\\'
          && i + 3 < field.length
          && field[i + 1] <= '3'
          && isOctal(field[i + 1])
          && isOctal(field[i + 2])
          && isOctal(field[i + 3])) {
        bytes.write((field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 | (field[i + 3] - '0'));
        i += 4;
      } else {
        bytes.write(field[i]);
        i++;
      }
    }
    return bytes.toByteArray();
  }

  private static boolean isOctal(byte digit) {
    return digit >= '0' && digit <= '7';
  }

  private static String text(byte[] field) {
    return new String(field, StandardCharsets.ISO_8859_1);
  }
}
