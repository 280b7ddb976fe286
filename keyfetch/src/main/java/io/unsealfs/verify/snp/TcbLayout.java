package io.unsealfs.verify.snp;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which part of the firmware each of the eight bytes of a TCB_VERSION counts (AMD 56860, TCB
 * version; AMD 57230, certificate extensions). Parts are compared one by one: the eight bytes are
 * never one number, in which a new microcode would hide an old boot loader.
 */
public enum TcbLayout {
  /** Processors of family 19h. */
  MILAN_GENOA(
      List.of("bootloader", "tee", "spl4", "spl5", "spl6", "spl7", "snp", "microcode"),
      List.of(1, 2, 4, 5, 6, 7, 3, 8)),
  /** Processors of family 1Ah. */
  TURIN(
      List.of("fmc", "bootloader", "tee", "snp", "spl5", "spl6", "spl7", "microcode"),
      List.of(9, 1, 2, 3, 5, 6, 7, 8));

  /** Length of a TCB_VERSION in bytes. */
  public static final int BYTES = 8;

  private static final int FAMILY_19H = 0x19;
  private static final int FAMILY_1AH = 0x1A;
  private static final String RESERVED = "spl";

  @SuppressWarnings("ImmutableEnumChecker") // only ever made by List.of
  private final List<String> words;

  @SuppressWarnings("ImmutableEnumChecker") // only ever made by List.of
  private final List<Integer> extensions;

  TcbLayout(List<String> words, List<Integer> extensions) {
    this.words = words;
    this.extensions = extensions;
  }

  /**
   * The layout of a processor.
   *
   * @param cpuid family, model, stepping, as reports of version 3 have them; older reports do not,
   *     and are of family 19h
   * @return empty if the family is not known
   */
  public static Optional<TcbLayout> of(Optional<byte[]> cpuid) {
    int family = cpuid.isEmpty() ? FAMILY_19H : Byte.toUnsignedInt(cpuid.get()[0]);
    return switch (family) {
      case FAMILY_19H -> Optional.of(MILAN_GENOA);
      case FAMILY_1AH -> Optional.of(TURIN);
      default -> Optional.empty();
    };
  }

  /** The parts that have a name, in the order of their bytes. */
  public List<String> parts() {
    return words.stream().filter(word -> !word.startsWith(RESERVED)).toList();
  }

  /** The security version of one part; empty if this layout does not have it. */
  public OptionalInt part(byte[] tcb, String word) {
    int at = words.indexOf(word);
    return at < 0 || tcb.length != BYTES
        ? OptionalInt.empty()
        : OptionalInt.of(Byte.toUnsignedInt(tcb[at]));
  }

  /** Which extension of a certificate, below AMD's 3704.1.3, says what byte {@code at} says. */
  int extension(int at) {
    return extensions.get(at);
  }

  /** Whether byte {@code at} counts nothing yet. */
  boolean isReserved(int at) {
    return words.get(at).startsWith(RESERVED);
  }

  /** Every part of {@code tcb} that is not what {@code other} has, as {@code part 3, not 4}. */
  List<String> differences(byte[] tcb, byte[] other) {
    List<String> found = new ArrayList<>();
    for (int at = 0; at < BYTES; at++) {
      if (tcb[at] != other[at]) {
        found.add(
            "%s %d, not %d"
                .formatted(
                    words.get(at), Byte.toUnsignedInt(tcb[at]), Byte.toUnsignedInt(other[at])));
      }
    }
    return found;
  }

  /** Every part of {@code tcb} that is above {@code ceiling}. */
  List<String> above(byte[] tcb, byte[] ceiling) {
    List<String> found = new ArrayList<>();
    for (int at = 0; at < BYTES; at++) {
      if (Byte.toUnsignedInt(tcb[at]) > Byte.toUnsignedInt(ceiling[at])) {
        found.add(
            "%s %d above %d"
                .formatted(
                    words.get(at), Byte.toUnsignedInt(tcb[at]), Byte.toUnsignedInt(ceiling[at])));
      }
    }
    return found;
  }

  /** A TCB in words, without the parts that count nothing. */
  String describe(byte[] tcb) {
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < BYTES; at++) {
      if (!isReserved(at)) {
        text.append(text.isEmpty() ? "" : ", ")
            .append(words.get(at))
            .append(' ')
            .append(Byte.toUnsignedInt(tcb[at]));
      }
    }
    return text.toString();
  }
}
