package io.unsealfs.verify.eventlog;

import io.unsealfs.verify.eventlog.BootFacts.AgentEvent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Entries of RTMR3: those of an attestation agent are its tag, a length and {@code domain operation
 * content}, digested as a whole.
 */
record AgentEntries(List<AgentEvent> events, List<String> unexplained) {
  private static final int TAG = 0x4141454C;
  private static final int HEADER_BYTES = 2 * Integer.BYTES;

  static AgentEntries of(EventLog log) {
    List<AgentEvent> events = new ArrayList<>();
    List<String> unexplained = new ArrayList<>();
    for (LogEntry entry : log.entries()) {
      if (entry.rtmr() != 3 || FirmwareEntries.isSeparator(entry)) {
        continue;
      }
      Optional<AgentEvent> event = event(entry);
      if (event.isPresent()) {
        events.add(event.get());
      } else {
        unexplained.add(entry.digestHex());
      }
    }
    return new AgentEntries(events, unexplained);
  }

  private static Optional<AgentEvent> event(LogEntry entry) {
    byte[] data = entry.data();
    if (entry.type() != LogEntry.EV_EVENT_TAG
        || data.length < HEADER_BYTES
        || !FirmwareEntries.isDigestOf(entry, data)) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getInt() != TAG || in.getInt() != data.length - HEADER_BYTES) {
      return Optional.empty();
    }
    return PrintableText.of(Arrays.copyOfRange(data, HEADER_BYTES, data.length))
        .map(text -> text.split(" ", 3))
        .filter(parts -> parts.length == 3 && !parts[0].isEmpty() && !parts[1].isEmpty())
        .map(parts -> new AgentEvent(parts[0], parts[1], parts[2]));
  }
}
