package io.unsealfs.verify.eventlog;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes logs entry by entry. */
public final class LogBuilder {
  private static final byte[] GLOBAL =
      java.util.HexFormat.of().parseHex("61dfe48bca93d211aa0d00e098032b8c");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A log with its specification entry. */
  public LogBuilder() {
    byte[] data =
        java.util.Arrays.copyOf("Spec ID Event03".getBytes(StandardCharsets.US_ASCII), 33);
    out.writeBytes(ints(1, 3));
    out.writeBytes(new byte[20]);
    out.writeBytes(ints(data.length));
    out.writeBytes(data);
  }

  static byte[] ints(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }

  /** An entry whose digest is given. */
  public LogBuilder entry(int rtmr, int type, byte[] digest, byte[] data) {
    out.writeBytes(ints(rtmr + 1, type, 1));
    out.writeBytes(new byte[] {0x0c, 0});
    out.writeBytes(digest);
    out.writeBytes(ints(data.length));
    out.writeBytes(data);
    return this;
  }

  /** Raw bytes. */
  public LogBuilder raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  /** An entry whose digest is that of its data. */
  public LogBuilder digested(int rtmr, int type, byte[] data) {
    return entry(rtmr, type, Sha384.of(data), data);
  }

  /** A separator. */
  public LogBuilder separator(int rtmr) {
    return digested(rtmr, LogEntry.EV_SEPARATOR, new byte[4]);
  }

  /** Text of the boot loader under {@code prefix}. */
  public LogBuilder loader(String prefix, String text) {
    return entry(2, LogEntry.EV_IPL, Sha384.of(utf8(text)), utf8(prefix + text + "\0"));
  }

  /** A file the boot loader read. */
  public LogBuilder file(String name, byte[] digest) {
    return entry(2, LogEntry.EV_IPL, digest, utf8(name + "\0"));
  }

  /** A program the firmware started. */
  public LogBuilder application(byte[] digest) {
    return entry(1, LogEntry.EV_EFI_BOOT_SERVICES_APPLICATION, digest, new byte[32]);
  }

  /** An EFI variable, digested whole. */
  public LogBuilder variable(int rtmr, int type, String name, byte[] value) {
    return digested(rtmr, type, variable(name, value));
  }

  static byte[] variable(String name, byte[] value) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.writeBytes(GLOBAL);
    data.writeBytes(ints(name.length(), 0, value.length, 0));
    data.writeBytes(name.getBytes(StandardCharsets.UTF_16LE));
    data.writeBytes(value);
    return data.toByteArray();
  }

  /** Secure Boot's state. */
  public LogBuilder secureBoot(boolean on) {
    return variable(
        0, LogEntry.EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", new byte[] {(byte) (on ? 1 : 0)});
  }

  /** An entry of the attestation agent. */
  public LogBuilder agent(String text) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.writeBytes(utf8("LEAA"));
    data.writeBytes(ints(text.length()));
    data.writeBytes(utf8(text));
    return digested(3, LogEntry.EV_EVENT_TAG, data.toByteArray());
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The log's bytes, without an end mark. */
  public byte[] bytes() {
    return out.toByteArray();
  }
}
