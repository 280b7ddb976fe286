package io.unsealfs.verify;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What evidence says about its machine, as bytes and as lower-case hex. Immutable.
 *
 * <p>Claims are made by {@link #of} from parsed evidence, whether or not it was verified; only the
 * ones that an {@link Appraisal} carries were signed by genuine hardware.
 */
public final class Claims {
  private final Tee tee;
  private final Map<Field, byte[]> fields;
  private final Optional<Tcb> tcb;

  /** The kind of trusted execution environment. */
  public enum Tee {
    /** Intel TDX. */
    TDX("tdx"),
    /** Intel SGX. */
    SGX("sgx"),
    /** AMD SEV-SNP. */
    SNP("snp"),
    /** Nothing at all; for tests. */
    SAMPLE("sample"),
    /** No machine: whoever asks proved who it is in another way. */
    NONE("none");

    private final String word;

    Tee(String word) {
      this.word = word;
    }

    /** As in {@code Evidence.type} and policies. */
    public String word() {
      return word;
    }
  }

  /** One field; its bytes are in the order of the evidence. */
  public enum Field {
    /** TDX: firmware at start. */
    MR_TD("mr_td", 48),
    /** TDX: run-time register 0, firmware configuration. */
    RTMR0("rtmr0", 48),
    /** TDX: run-time register 1, boot loader and kernel. */
    RTMR1("rtmr1", 48),
    /** TDX: run-time register 2, command line and initrd. */
    RTMR2("rtmr2", 48),
    /** TDX: run-time register 3, what software inside recorded. */
    RTMR3("rtmr3", 48),
    /** TDX: configuration named by the owner at start, such as init data. */
    MR_CONFIG_ID("mr_config_id", 48),
    /** TDX: the owner named at start. */
    MR_OWNER("mr_owner", 48),
    /** TDX: configuration named by the owner at start. */
    MR_OWNER_CONFIG("mr_owner_config", 48),
    /** TDX: measurement of the TDX module. */
    MR_SEAM("mr_seam", 48),
    /** TDX: signer of the TDX module; zero is Intel. */
    MRSIGNER_SEAM("mrsigner_seam", 48),
    /** TDX: attributes of the TDX module. */
    SEAM_ATTRIBUTES("seam_attributes", 8),
    /** TDX 1.5: service TDs bound to this one. */
    MR_SERVICETD("mr_servicetd", 48),
    /** TDX: attributes of the TD, little endian. */
    TD_ATTRIBUTES("td_attributes", 8),
    /** TDX: extended features the TD may use, little endian. */
    XFAM("xfam", 8),
    /** TDX: security versions when the TD was started. */
    TEE_TCB_SVN("tee_tcb_svn", 16),
    /** TDX 1.5: security versions now. */
    TEE_TCB_SVN2("tee_tcb_svn2", 16),
    /** SGX: measurement of the enclave. */
    MRENCLAVE("mrenclave", 32),
    /** SGX: signer of the enclave. */
    MRSIGNER("mrsigner", 32),
    /** SGX: product number, little endian. */
    ISVPRODID("isvprodid", 2),
    /** SGX: security version of the enclave, little endian. */
    ISVSVN("isvsvn", 2),
    /** SGX: attributes of the enclave. */
    SGX_ATTRIBUTES("sgx_attributes", 16),
    /** TDX and SGX: family, model, stepping, platform type. */
    FMSPC("fmspc", 6),
    /** SNP: measurement of the guest at start. */
    MEASUREMENT("measurement", 48),
    /** SNP: what the host named at start. */
    HOST_DATA("host_data", 32),
    /** SNP: digest of the key that signed the identity block. */
    ID_KEY_DIGEST("id_key_digest", 48),
    /** SNP: digest of the key that signed that key. */
    AUTHOR_KEY_DIGEST("author_key_digest", 48),
    /** SNP: guest policy, little endian. */
    GUEST_POLICY("guest_policy", 8),
    /** SNP: privilege level of who asked, little endian. */
    VMPL("vmpl", 4),
    /** SNP: security version of the guest, little endian. */
    GUEST_SVN("guest_svn", 4),
    /** SNP: the TCB that the signing key belongs to, little endian. */
    REPORTED_TCB("reported_tcb", 8),
    /** SNP: the TCB at the guest's start, little endian. */
    LAUNCH_TCB("launch_tcb", 8),
    /** SNP: settings of the platform, such as SMT, little endian. */
    PLATFORM_INFO("platform_info", 8),
    /** SNP from report version 3 on: family, model and stepping of the processor. */
    CPUID("cpuid", 3),
    /** What the guest had signed. */
    REPORT_DATA("report_data", 64);

    private final String word;
    private final int sizeBytes;

    Field(String word, int sizeBytes) {
      this.word = word;
      this.sizeBytes = sizeBytes;
    }

    /** The name in policies and JSON. */
    public String word() {
      return word;
    }

    /** The exact length in bytes. */
    public int sizeBytes() {
      return sizeBytes;
    }

    /** The field of a name; empty if there is none. */
    public static Optional<Field> ofWord(String word) {
      for (Field field : values()) {
        if (field.word.equals(word)) {
          return Optional.of(field);
        }
      }
      return Optional.empty();
    }
  }

  private Claims(Tee tee, Map<Field, byte[]> fields, Optional<Tcb> tcb) {
    this.tee = tee;
    this.fields = fields;
    this.tcb = tcb;
  }

  /**
   * Claims of these fields.
   *
   * @throws IllegalArgumentException if a value has not its field's length
   */
  public static Claims of(Tee tee, Map<Field, byte[]> fields, Optional<Tcb> tcb) {
    Map<Field, byte[]> copies = new EnumMap<>(Field.class);
    fields.forEach((field, bytes) -> {
      if (bytes.length != field.sizeBytes) {
        throw new IllegalArgumentException(field.word + " has " + bytes.length + " bytes");
      }
      copies.put(field, bytes.clone());
    });
    return new Claims(tee, Collections.unmodifiableMap(copies), tcb);
  }

  /** The same claims with a judgement of the platform's age. */
  public Claims with(Tcb judged) {
    return new Claims(tee, fields, Optional.of(judged));
  }

  /** The same claims with one more field. */
  public Claims with(Field field, byte[] bytes) {
    Map<Field, byte[]> more = new EnumMap<>(Field.class);
    more.putAll(fields);
    more.put(field, bytes);
    return of(tee, more, tcb);
  }

  /** The kind of machine. */
  public Tee tee() {
    return tee;
  }

  /** How current the platform is; empty for evidence without such a judgement. */
  public Optional<Tcb> tcb() {
    return tcb;
  }

  /** A copy of a field's bytes; empty if this kind of evidence does not have it. */
  public Optional<byte[]> bytes(Field field) {
    return Optional.ofNullable(fields.get(field)).map(byte[]::clone);
  }

  /** A field in lower-case hex; empty if this kind of evidence does not have it. */
  public Optional<String> hex(Field field) {
    return Optional.ofNullable(fields.get(field)).map(HexFormat.of()::formatHex);
  }

  /** A field of up to eight bytes as a little-endian number; eight bytes are unsigned. */
  public OptionalLong number(Field field) {
    byte[] bytes = fields.get(field);
    if (bytes == null || bytes.length > Long.BYTES) {
      return OptionalLong.empty();
    }
    long number = 0;
    for (int i = bytes.length - 1; i >= 0; i--) {
      number = (number << 8) | (bytes[i] & 0xFF);
    }
    return OptionalLong.of(number);
  }

  /** Every field there is in lower-case hex, in the order of {@link Field}. */
  public Map<Field, String> all() {
    Map<Field, String> all = new EnumMap<>(Field.class);
    fields.forEach((field, bytes) -> all.put(field, HexFormat.of().formatHex(bytes)));
    return all;
  }
}
