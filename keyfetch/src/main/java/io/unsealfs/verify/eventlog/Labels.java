package io.unsealfs.verify.eventlog;

import io.unsealfs.verify.eventlog.BootFacts.Measured;
import io.unsealfs.verify.eventlog.BootFacts.Role;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the log's words make of an unexplained digest. For people, and for a first policy. */
final class Labels {
  private static final int LINUX_INITRD_TAG = 0x8F3B22EC;
  private static final int LINUX_LOAD_OPTIONS_TAG = 0x8F3B22ED;
  private static final int TAG_BYTES = 2 * Integer.BYTES;
  private static final int MAX_LABEL_CHARS = 80;

  private Labels() {}

  static Measured measured(LogEntry entry) {
    String digest = entry.digestHex();
    byte[] data = entry.data();
    return switch (entry.type()) {
      case LogEntry.EV_EFI_BOOT_SERVICES_APPLICATION ->
          new Measured(
              entry.rtmr(), Role.BOOT_APPLICATION, "program started by the firmware", digest);
      case LogEntry.EV_EFI_PLATFORM_FIRMWARE_BLOB2 -> {
        String name = text(data, Math.min(1, data.length));
        yield new Measured(
            entry.rtmr(), name.equals("td_payload") ? Role.KERNEL : Role.OTHER, name, digest);
      }
      case LogEntry.EV_EVENT_TAG -> {
        int tag =
            data.length < TAG_BYTES
                ? 0
                : ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getInt();
        Role role =
            switch (tag) {
              case LINUX_INITRD_TAG -> Role.INITRD;
              case LINUX_LOAD_OPTIONS_TAG -> Role.KERNEL_COMMAND_LINE;
              default -> Role.OTHER;
            };
        yield new Measured(
            entry.rtmr(), role, text(data, Math.min(TAG_BYTES, data.length)), digest);
      }
      default -> new Measured(entry.rtmr(), Role.OTHER, text(data, 0), digest);
    };
  }

  /** Finds kernel and initrd by what the boot loader's commands say. */
  static List<Measured> withRoles(List<Measured> measured, BootLoaderEntries loader) {
    List<Measured> named = new ArrayList<>();
    for (Measured one : measured) {
      Role role = one.role();
      if (role == Role.OTHER) {
        if (one.label().equals("grub_linuxefi Kernel") || loader.isKernelPath(one.label())) {
          role = Role.KERNEL;
        } else if (one.label().equals("grub_linuxefi Initrd") || loader.isInitrdPath(one.label())) {
          role = Role.INITRD;
        }
      }
      named.add(new Measured(one.rtmr(), role, one.label(), one.digest()));
    }
    return named;
  }

  private static String text(byte[] data, int from) {
    byte[] rest = Arrays.copyOfRange(data, from, data.length);
    String text = new String(rest, 0, PrintableText.lengthBeforeZero(rest), StandardCharsets.UTF_8);
    String cut = text.length() > MAX_LABEL_CHARS ? text.substring(0, MAX_LABEL_CHARS) : text;
    return cut.replaceAll("[^\\x20-\\x7e]", "?");
  }
}
