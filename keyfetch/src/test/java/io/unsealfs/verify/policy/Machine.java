package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.Claims.Tee;
import io.unsealfs.verify.Tcb;
import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.eventlog.EventLog;
import io.unsealfs.verify.eventlog.EventLogException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes subjects. */
final class Machine {
  static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  static final String MR_TD = "aa".repeat(48);
  static final String RTMR1 = "11".repeat(48);
  static final String RTMR2 = "22".repeat(48);

  private final Tee tee;
  private final Map<Field, byte[]> fields = new EnumMap<>(Field.class);
  private Optional<Tcb> tcb = Optional.empty();
  private Requester requester = Requester.UNKNOWN;
  private Instant now = NOW;
  private byte[] log = {};

  private Machine(Tee tee) {
    this.tee = tee;
  }

  /** An ordinary TD that is up to date. */
  static Machine tdx() {
    return new Machine(Tee.TDX)
        .with(Field.MR_TD, MR_TD)
        .with(Field.RTMR0, "00".repeat(48))
        .with(Field.RTMR1, RTMR1)
        .with(Field.RTMR2, RTMR2)
        .with(Field.RTMR3, "00".repeat(48))
        .with(Field.MR_CONFIG_ID, "00".repeat(48))
        .with(Field.MR_OWNER, "00".repeat(48))
        .with(Field.MR_OWNER_CONFIG, "00".repeat(48))
        .with(Field.TD_ATTRIBUTES, "0000001000000000")
        .with(Field.XFAM, "e702060000000000")
        .with(TcbStatus.UP_TO_DATE);
  }

  static Machine snp() {
    return new Machine(Tee.SNP)
        .with(Field.MEASUREMENT, "bb".repeat(48))
        .with(Field.GUEST_POLICY, "0000030000000000")
        .with(Field.VMPL, "00000000")
        .with(Field.REPORTED_TCB, "04000000000008d1")
        .with(Field.LAUNCH_TCB, "04000000000008d1");
  }

  static Machine sgx() {
    return new Machine(Tee.SGX)
        .with(Field.MRENCLAVE, "cc".repeat(32))
        .with(Field.MRSIGNER, "dd".repeat(32))
        .with(Field.ISVPRODID, "0100")
        .with(Field.ISVSVN, "0500")
        .with(Field.SGX_ATTRIBUTES, "05000000000000000700000000000000")
        .with(TcbStatus.UP_TO_DATE);
  }

  static Machine sample() {
    return new Machine(Tee.SAMPLE);
  }

  Machine with(Field field, String hex) {
    fields.put(field, HexFormat.of().parseHex(hex));
    return this;
  }

  Machine with(TcbStatus status, String... advisories) {
    tcb =
        Optional.of(
            new Tcb(
                status,
                Optional.empty(),
                Optional.empty(),
                "",
                List.of(advisories),
                Instant.parse("2024-03-13T00:00:00Z"),
                17,
                NOW));
    return this;
  }

  Machine unjudged() {
    tcb = Optional.empty();
    return this;
  }

  Machine askedBy(Requester who) {
    requester = who;
    return this;
  }

  Machine at(String time) {
    now = Instant.parse(time);
    return this;
  }

  /** With this log, and the registers it leads to. */
  Machine booted(byte[] bytes) throws EventLogException {
    byte[][] registers = EventLog.parse(bytes).replay();
    fields.put(Field.RTMR0, registers[0]);
    fields.put(Field.RTMR1, registers[1]);
    fields.put(Field.RTMR2, registers[2]);
    fields.put(Field.RTMR3, registers[3]);
    return showing(bytes);
  }

  /** With this log, whatever it leads to. */
  Machine showing(byte[] bytes) {
    log = bytes;
    return this;
  }

  Subject subject() {
    Claims claims = Claims.of(tee, fields, tcb);
    return new Subject(claims, LogReading.of(log, claims), requester, now);
  }
}
