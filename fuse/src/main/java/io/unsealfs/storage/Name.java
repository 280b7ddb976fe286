package io.unsealfs.storage;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Bytes of a directory entry's name, a link target or an attribute name, exactly as the kernel
 * knows them: no character set is assumed. Immutable; ordered by unsigned byte value.
 */
public final class Name implements Comparable<Name> {
  private final byte[] bytes;
  private final int hash;

  private Name(byte[] bytes) {
    this.bytes = bytes;
    this.hash = Arrays.hashCode(bytes);
  }

  /** A name holding a copy of {@code bytes}. */
  public static Name of(byte[] bytes) {
    return new Name(bytes.clone());
  }

  /** A name holding the UTF-8 bytes of {@code text}. */
  public static Name of(String text) {
    return new Name(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A copy of the bytes. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  /** Length in bytes. */
  public int length() {
    return bytes.length;
  }

  /** The byte at {@code index}. */
  public byte at(int index) {
    return bytes[index];
  }

  /** Whether the bytes begin with those of {@code prefix}. */
  public boolean startsWith(Name prefix) {
    return bytes.length >= prefix.bytes.length
        && Arrays.equals(bytes, 0, prefix.bytes.length, prefix.bytes, 0, prefix.bytes.length);
  }

  /** Whether the bytes end with those of {@code suffix}. */
  public boolean endsWith(Name suffix) {
    int from = bytes.length - suffix.bytes.length;
    return from >= 0
        && Arrays.equals(bytes, from, bytes.length, suffix.bytes, 0, suffix.bytes.length);
  }

  @Override
  public int compareTo(Name other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Name name && hash == name.hash && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /**
   * The name as text for people: UTF-8, every control character, backslash and byte that is not
   * valid UTF-8 as {@code \xHH}, so that no name can forge a log line.
   */
  @Override
  public String toString() {
    String text = new String(bytes, StandardCharsets.UTF_8);
    boolean faithful = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes);
    StringBuilder shown = new StringBuilder(bytes.length);
    if (faithful) {
      text.codePoints()
          .forEach(c -> {
            if (c == '\\' || Character.isISOControl(c) || isBidiControl(c)) {
              for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                escape(shown, b);
              }
            } else {
              shown.appendCodePoint(c);
            }
          });
    } else {
      for (byte b : bytes) {
        if (b >= 0x20 && b < 0x7f && b != '\\') {
          shown.append((char) b);
        } else {
          escape(shown, b);
        }
      }
    }
    return shown.toString();
  }

  private static boolean isBidiControl(int c) {
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028;
  }

  private static void escape(StringBuilder shown, byte b) {
    shown.append("\\x").append(HexFormat.of().toHexDigits(b));
  }
}
