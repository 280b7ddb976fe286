package io.unsealfs.verify.snp;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * An attestation report of versions 2 to 5 (AMD 56860, ATTESTATION_REPORT), without a judgement of
 * its signature. Versions differ in fields that older ones reserve; none moved. Immutable.
 */
public final class Report {
  /** Length of a report in bytes. */
  public static final int BYTES = 0x4A0;

  /** The signature covers the bytes before this one. */
  static final int SIGNATURE_AT = 0x2A0;

  /** Length in bytes of each of the two numbers of the signature, little endian. */
  static final int NUMBER_BYTES = 72;

  /** How many of them can be other than zero on P-384. */
  static final int USED_NUMBER_BYTES = 48;

  static final int CHIP_ID_BYTES = 64;

  private static final int VERSION_AT = 0x00;
  private static final int GUEST_SVN_AT = 0x04;
  private static final int POLICY_AT = 0x08;
  private static final int VMPL_AT = 0x30;
  private static final int ALGORITHM_AT = 0x34;
  private static final int CURRENT_TCB_AT = 0x38;
  private static final int PLATFORM_INFO_AT = 0x40;
  private static final int KEY_INFO_AT = 0x48;
  private static final int REPORT_DATA_AT = 0x50;
  private static final int MEASUREMENT_AT = 0x90;
  private static final int HOST_DATA_AT = 0xC0;
  private static final int ID_KEY_DIGEST_AT = 0xE0;
  private static final int AUTHOR_KEY_DIGEST_AT = 0x110;
  private static final int REPORTED_TCB_AT = 0x180;
  private static final int CPUID_AT = 0x188;
  private static final int CHIP_ID_AT = 0x1A0;
  private static final int LAUNCH_TCB_AT = 0x1F0;

  private static final int OLDEST_VERSION = 2;
  private static final int NEWEST_VERSION = 5;
  private static final int VERSION_WITH_CPUID = 3;
  private static final int ECDSA_P384_SHA384 = 1;
  private static final int MAX_VMPL = 3;
  private static final int MASK_CHIP_KEY = 1 << 1;
  private static final int SIGNING_KEY_SHIFT = 2;
  private static final int SIGNING_KEY_MASK = 7;

  private final byte[] bytes;
  private final Signer signer;

  private Report(byte[] bytes, Signer signer) {
    this.bytes = bytes;
    this.signer = signer;
  }

  /**
   * Parses a report.
   *
   * @param evidence a report and what follows it
   * @throws VerificationException QUOTE_FORMAT or QUOTE_UNSUPPORTED
   */
  static Report parse(byte[] evidence) throws VerificationException {
    if (evidence.length < BYTES) {
      throw Failure.QUOTE_FORMAT.exception(
          "a report of " + BYTES + " bytes", evidence.length + " bytes");
    }
    byte[] bytes = Arrays.copyOf(evidence, BYTES);
    ByteBuffer in = littleEndian(bytes);
    long version = Integer.toUnsignedLong(in.getInt(VERSION_AT));
    if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
      throw Failure.QUOTE_UNSUPPORTED.exception("a report of version 2 to 5", "version " + version);
    }
    if (in.getInt(ALGORITHM_AT) != ECDSA_P384_SHA384) {
      throw Failure.QUOTE_UNSUPPORTED.exception(
          "signature algorithm 1, ECDSA P-384 with SHA-384",
          Integer.toUnsignedString(in.getInt(ALGORITHM_AT)));
    }
    if (Integer.compareUnsigned(in.getInt(VMPL_AT), MAX_VMPL) > 0) {
      // all bits set: the host asked for it, and not the guest
      throw Failure.QUOTE_FORMAT.exception(
          "a privilege level from 0 to 3", Integer.toUnsignedString(in.getInt(VMPL_AT)));
    }
    requireZero(bytes, SIGNATURE_AT + USED_NUMBER_BYTES, SIGNATURE_AT + NUMBER_BYTES);
    requireZero(bytes, SIGNATURE_AT + NUMBER_BYTES + USED_NUMBER_BYTES, BYTES);
    return new Report(bytes, signer(in.getInt(KEY_INFO_AT)));
  }

  private static Signer signer(int keyInfo) throws VerificationException {
    if ((keyInfo & MASK_CHIP_KEY) != 0) {
      throw Failure.QUOTE_UNSUPPORTED.exception(
          "a report signed by a key of its platform", "MASK_CHIP_KEY: it is not signed");
    }
    int key = (keyInfo >>> SIGNING_KEY_SHIFT) & SIGNING_KEY_MASK;
    return switch (key) {
      case 0 -> Signer.VCEK;
      case 1 -> Signer.VLEK;
      default ->
          throw Failure.QUOTE_UNSUPPORTED.exception(
              "a report signed by VCEK or VLEK", "signing key " + key);
    };
  }

  /** What the signature does not cover must be empty, so that no two reports differ only there. */
  private static void requireZero(byte[] bytes, int from, int to) throws VerificationException {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        throw Failure.QUOTE_FORMAT.exception(
            "zeros around the signature", "0x%02x at byte %d".formatted(bytes[i], i));
      }
    }
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Which kind of key signed it. */
  Signer signer() {
    return signer;
  }

  /** A copy of the bytes the signature covers. */
  byte[] signed() {
    return Arrays.copyOf(bytes, SIGNATURE_AT);
  }

  /** The signature as both numbers one after the other, big endian, 48 bytes each. */
  byte[] signature() {
    byte[] both = new byte[2 * USED_NUMBER_BYTES];
    for (int i = 0; i < USED_NUMBER_BYTES; i++) {
      both[USED_NUMBER_BYTES - 1 - i] = bytes[SIGNATURE_AT + i];
      both[2 * USED_NUMBER_BYTES - 1 - i] = bytes[SIGNATURE_AT + NUMBER_BYTES + i];
    }
    return both;
  }

  /** Family, model and stepping of the processor; empty before version 3. */
  Optional<byte[]> cpuid() {
    return littleEndian(bytes).getInt(VERSION_AT) < VERSION_WITH_CPUID
        ? Optional.empty()
        : Optional.of(range(CPUID_AT, Field.CPUID.sizeBytes()));
  }

  /** The TCB of the running firmware. */
  byte[] currentTcb() {
    return range(CURRENT_TCB_AT, TcbLayout.BYTES);
  }

  /** The TCB that the signing key belongs to. */
  byte[] reportedTcb() {
    return range(REPORTED_TCB_AT, TcbLayout.BYTES);
  }

  byte[] chipId() {
    return range(CHIP_ID_AT, CHIP_ID_BYTES);
  }

  /** What it says; signed by nobody until its signature was checked. */
  Claims claims() {
    Map<Field, byte[]> fields = new EnumMap<>(Field.class);
    put(fields, Field.MEASUREMENT, MEASUREMENT_AT);
    put(fields, Field.HOST_DATA, HOST_DATA_AT);
    put(fields, Field.ID_KEY_DIGEST, ID_KEY_DIGEST_AT);
    put(fields, Field.AUTHOR_KEY_DIGEST, AUTHOR_KEY_DIGEST_AT);
    put(fields, Field.GUEST_POLICY, POLICY_AT);
    put(fields, Field.VMPL, VMPL_AT);
    put(fields, Field.GUEST_SVN, GUEST_SVN_AT);
    put(fields, Field.REPORTED_TCB, REPORTED_TCB_AT);
    put(fields, Field.LAUNCH_TCB, LAUNCH_TCB_AT);
    put(fields, Field.PLATFORM_INFO, PLATFORM_INFO_AT);
    put(fields, Field.REPORT_DATA, REPORT_DATA_AT);
    cpuid().ifPresent(cpuid -> fields.put(Field.CPUID, cpuid));
    return Claims.of(Claims.Tee.SNP, fields, Optional.empty());
  }

  private void put(Map<Field, byte[]> fields, Field field, int at) {
    fields.put(field, range(at, field.sizeBytes()));
  }

  private byte[] range(int at, int size) {
    return Arrays.copyOfRange(bytes, at, at + size);
  }
}
