package io.unsealfs.verify.eventlog;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Entries that firmware makes. Explained are only those whose text cannot be a program at the same
 * time: else a program's digest could be passed off as one of them, the program itself being shown
 * as the text.
 */
final class FirmwareEntries {
  private static final byte[] SEPARATOR_DIGEST = Sha384.of(new byte[4]);
  private static final byte[] GLOBAL_VARIABLE =
      HexFormat.of().parseHex("61dfe48bca93d211aa0d00e098032b8c");
  private static final byte[] GPT = "EFI PART".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SHIM_COMMAND_LINE =
      "td_payload_info\0".getBytes(StandardCharsets.US_ASCII);

  /** A header and 128 partitions, the usual size of a table. */
  private static final int MAX_GPT_BYTES = 92 + 8 + 128 * 128;

  private static final int MAX_ACTION_BYTES = 256;
  private static final int MAX_BOOT_ORDER_BYTES = 64;
  private static final int MAX_LOAD_OPTION_BYTES = 4096;

  /**
   * The attributes that the UEFI specification knows for a load option (3.1.3). None of the
   * signatures a program begins with ("MZ", "PE", "VZ") is made of these bits.
   */
  private static final int LOAD_OPTION_ATTRIBUTES = 0x1F0F;

  private FirmwareEntries() {}

  static boolean isSeparator(LogEntry entry) {
    return MessageDigest.isEqual(SEPARATOR_DIGEST, entry.digest());
  }

  /** Whether an entry of RTMR1 is harmless whatever else it says. */
  static boolean isExplained(LogEntry entry) {
    if (isSeparator(entry)) {
      return true;
    }
    return switch (entry.type()) {
      case LogEntry.EV_EFI_ACTION ->
          entry.data().length <= MAX_ACTION_BYTES
              && PrintableText.of(entry.data()).isPresent()
              && isDigestOf(entry, entry.data());
      case LogEntry.EV_EFI_GPT_EVENT ->
          entry.data().length <= MAX_GPT_BYTES
              && startsWith(entry.data(), GPT)
              && isDigestOf(entry, entry.data());
      case LogEntry.EV_EFI_VARIABLE_BOOT -> isBootVariable(entry);
      default -> false;
    };
  }

  private static boolean isBootVariable(LogEntry entry) {
    Optional<Variable> found = Variable.of(entry);
    if (found.isEmpty()) {
      return false;
    }
    Variable variable = found.get();
    if (!isDigestOf(entry, variable.value()) && !isDigestOf(entry, entry.data())) {
      return false;
    }
    if (variable.name().equals("BootOrder")) {
      return variable.value().length <= MAX_BOOT_ORDER_BYTES;
    }
    return variable.name().matches("Boot[0-9A-F]{4}")
        && variable.value().length >= Integer.BYTES
        && variable.value().length <= MAX_LOAD_OPTION_BYTES
        && (ByteBuffer.wrap(variable.value()).order(ByteOrder.LITTLE_ENDIAN).getInt()
                & ~LOAD_OPTION_ATTRIBUTES)
            == 0;
  }

  /**
   * What the firmware said about Secure Boot before its first separator. After that, the software
   * it started could have said the same.
   */
  static Optional<Boolean> secureBoot(List<LogEntry> entries) {
    Optional<Boolean> state = Optional.empty();
    for (LogEntry entry : entries) {
      if (entry.rtmr() != 0) {
        continue;
      }
      if (isSeparator(entry)) {
        return state;
      }
      if (entry.type() != LogEntry.EV_EFI_VARIABLE_DRIVER_CONFIG
          || !isDigestOf(entry, entry.data())) {
        continue;
      }
      Optional<Variable> variable = Variable.of(entry);
      if (variable.isPresent() && variable.get().name().equals("SecureBoot")) {
        byte[] value = variable.get().value();
        state =
            Optional.of(value.length == 1 && value[0] == 1 && !state.equals(Optional.of(false)));
      }
    }
    return Optional.empty();
  }

  /** The command line that td-shim hands to its payload, if it is one. */
  static Optional<String> shimCommandLine(LogEntry entry) {
    int textAt = SHIM_COMMAND_LINE.length + Integer.BYTES;
    if (entry.type() != LogEntry.EV_PLATFORM_CONFIG_FLAGS
        || entry.data().length < textAt
        || !startsWith(entry.data(), SHIM_COMMAND_LINE)) {
      return Optional.empty();
    }
    byte[] value = Arrays.copyOfRange(entry.data(), textAt, entry.data().length);
    if (!isDigestOf(entry, value)) {
      return Optional.empty();
    }
    int end = PrintableText.lengthBeforeZero(value);
    for (int i = end; i < value.length; i++) {
      if (value[i] != 0) {
        return Optional.empty();
      }
    }
    return PrintableText.of(Arrays.copyOf(value, end));
  }

  static boolean isDigestOf(LogEntry entry, byte[] text) {
    return MessageDigest.isEqual(entry.digest(), Sha384.of(text));
  }

  private static boolean startsWith(byte[] data, byte[] prefix) {
    return data.length >= prefix.length
        && Arrays.equals(data, 0, prefix.length, prefix, 0, prefix.length);
  }

  /** A variable of the EFI specification itself (UEFI_VARIABLE_DATA). */
  @SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
  private record Variable(String name, byte[] value) {
    private static final int GUID_BYTES = 16;
    private static final int NAME_AT = GUID_BYTES + 2 * Long.BYTES;
    private static final int MAX_NAME_CHARS = 64;

    static Optional<Variable> of(LogEntry entry) {
      byte[] data = entry.data();
      if (data.length < NAME_AT || !startsWith(data, GLOBAL_VARIABLE)) {
        return Optional.empty();
      }
      ByteBuffer in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
      long chars = in.getLong(GUID_BYTES);
      long valueBytes = in.getLong(GUID_BYTES + Long.BYTES);
      if (chars < 0 || chars > MAX_NAME_CHARS) {
        return Optional.empty();
      }
      int valueAt = NAME_AT + (int) chars * Character.BYTES;
      if (valueAt > data.length || valueBytes != data.length - valueAt) {
        return Optional.empty();
      }
      String name = new String(data, NAME_AT, valueAt - NAME_AT, StandardCharsets.UTF_16LE);
      return Optional.of(new Variable(name, Arrays.copyOfRange(data, valueAt, data.length)));
    }
  }
}
