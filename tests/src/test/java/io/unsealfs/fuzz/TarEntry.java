package io.unsealfs.fuzz;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a tar archive with PAX headers. Read by hand because values of extended attributes
 * are not text, and the common libraries decode them as such.
 *
 * @param type the type flag: {@code 0} file, {@code 1} hard link, {@code 2} symbolic link, {@code
 *     5} directory, {@code 6} FIFO
 * @param headers PAX records, in ISO 8859-1 so that no byte is lost
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares entries
record TarEntry(String path, char type, String link, byte[] content, Map<String, String> headers) {
  private static final int BLOCK = 512;

  /** The next entry, or null at the end of the archive. */
  static @Nullable TarEntry read(DataInputStream in) throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    while (true) {
      byte[] block = in.readNBytes(BLOCK);
      if (block.length < BLOCK || block[0] == 0) {
        return null;
      }
      char type = (char) block[156];
      byte[] content = in.readNBytes(size(block));
      in.skipNBytes((BLOCK - content.length % BLOCK) % BLOCK);
      if (type == 'x') {
        records(content, headers);
      } else if (type != 'g') {
        return new TarEntry(
            headers.getOrDefault("path", text(block, 345, 155) + text(block, 0, 100)),
            type,
            headers.getOrDefault("linkpath", text(block, 157, 100)),
            content,
            headers);
      }
    }
  }

  private static int size(byte[] block) {
    String octal = text(block, 124, 12).trim();
    return octal.isEmpty() ? 0 : Integer.parseInt(octal, 8);
  }

  private static String text(byte[] block, int offset, int length) {
    int end = offset;
    while (end < offset + length && block[end] != 0) {
      end++;
    }
    return new String(block, offset, end - offset, StandardCharsets.ISO_8859_1);
  }

  /** Records of {@code LENGTH KEY=VALUE\n}, the length counting all of it. */
  private static void records(byte[] content, Map<String, String> headers) {
    for (int at = 0; at < content.length; ) {
      int space = at;
      while (content[space] != ' ') {
        space++;
      }
      int length =
          Integer.parseInt(new String(content, at, space - at, StandardCharsets.ISO_8859_1));
      byte[] record = Arrays.copyOfRange(content, space + 1, at + length - 1);
      String text = new String(record, StandardCharsets.ISO_8859_1);
      int equals = text.indexOf('=');
      headers.put(text.substring(0, equals), text.substring(equals + 1));
      at += length;
    }
  }
}
