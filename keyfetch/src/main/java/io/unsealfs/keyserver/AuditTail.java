package io.unsealfs.keyserver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where the lines of an audit file end.
 *
 * @param fileSizeBytes of the file when it was looked at
 * @param sequence number of the last line
 * @param hash of that line
 * @param lastWhole hash of the last whole line, if {@code broken} is not empty
 * @param broken hashes of ended lines after that, which are not whole
 * @param half what follows the last line end: a line that a crash cut off
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record AuditTail(
    long fileSizeBytes,
    long sequence,
    String hash,
    String lastWhole,
    List<String> broken,
    byte[] half) {

  /** That of a file without content. */
  static AuditTail nothing() {
    return new AuditTail(0, 0, AuditLine.NOTHING, AuditLine.NOTHING, List.of(), new byte[0]);
  }

  /**
   * Looks at the end of {@code file}.
   *
   * @throws KeyServerConfigException if it holds lines, but none of an audit log
   */
  static AuditTail of(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      long from = Math.max(0, size - 2 * AuditLine.MAX_BYTES);
      ByteBuffer buffer = ByteBuffer.allocate((int) (size - from));
      while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) {}
      return of(buffer.array(), size, from == 0, file);
    }
  }

  private static AuditTail of(byte[] end, long size, boolean isWholeFile, Path file)
      throws KeyServerConfigException {
    int lineEnd = lastNewline(end, end.length);
    byte[] half = Arrays.copyOfRange(end, lineEnd + 1, end.length);
    if (half.length > AuditLine.MAX_BYTES) {
      throw foreign(file);
    }
    List<byte[]> brokenLines = new ArrayList<>();
    while (lineEnd >= 0) {
      int before = lastNewline(end, lineEnd);
      if (before < 0 && !isWholeFile) {
        break;
      }
      byte[] line = Arrays.copyOfRange(end, before + 1, lineEnd);
      var parsed = AuditLine.parse(line);
      if (parsed.isPresent()) {
        return ending(size, parsed.get().sequence(), AuditLine.hash(line), brokenLines, half);
      }
      brokenLines.addFirst(line);
      if (brokenLines.size() > AuditLine.MAX_BROKEN) {
        break;
      }
      lineEnd = before;
    }
    if (!brokenLines.isEmpty() || !isWholeFile) {
      throw foreign(file);
    }
    return ending(size, 0, AuditLine.NOTHING, brokenLines, half);
  }

  private static AuditTail ending(
      long size, long sequence, String hash, List<byte[]> brokenLines, byte[] half) {
    List<String> broken = brokenLines.stream().map(AuditLine::hash).toList();
    return new AuditTail(
        size,
        sequence + broken.size(),
        broken.isEmpty() ? hash : broken.getLast(),
        hash,
        broken,
        half);
  }

  private static int lastNewline(byte[] bytes, int end) {
    int at = end - 1;
    while (at >= 0 && bytes[at] != '\n') {
      at--;
    }
    return at;
  }

  private static KeyServerConfigException foreign(Path file) {
    return new KeyServerConfigException(
        "audit log "
            + file
            + ": ends in lines that are no chained audit lines; move it away, and look who wrote"
            + " them");
  }
}
