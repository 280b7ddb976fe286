package io.unsealfs.verify.eventlog;

import java.util.HexFormat;

/**
 * One measured entry of a log. The arrays are not copied and must not be changed.
 *
 * @param at where it begins, in bytes
 * @param rtmr the register it was extended into, 0 to 3
 * @param type TCG event type
 * @param digest SHA-384, 48 bytes: what the register was extended with
 * @param data what the log says was measured; proves nothing by itself
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record LogEntry(int at, int rtmr, int type, byte[] digest, byte[] data) {
  static final int EV_SEPARATOR = 0x04;
  static final int EV_EVENT_TAG = 0x06;
  static final int EV_PLATFORM_CONFIG_FLAGS = 0x0a;
  static final int EV_IPL = 0x0d;
  static final int EV_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001;
  static final int EV_EFI_VARIABLE_BOOT = 0x80000002;
  static final int EV_EFI_BOOT_SERVICES_APPLICATION = 0x80000003;
  static final int EV_EFI_GPT_EVENT = 0x80000006;
  static final int EV_EFI_ACTION = 0x80000007;
  static final int EV_EFI_PLATFORM_FIRMWARE_BLOB2 = 0x8000000a;
  static final int EV_EFI_VARIABLE_AUTHORITY = 0x800000e0;

  String digestHex() {
    return HexFormat.of().formatHex(digest);
  }
}
