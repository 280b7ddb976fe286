package io.unsealfs.keyserver;

import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** What an audit line keeps of a machine: what it is told apart by, and how current it was. */
final class AuditMeasurement {
  private static final Set<Field> FIELDS =
      EnumSet.of(
          Field.MR_TD,
          Field.RTMR0,
          Field.RTMR1,
          Field.RTMR2,
          Field.RTMR3,
          Field.MR_CONFIG_ID,
          Field.MR_SERVICETD,
          Field.MRENCLAVE,
          Field.MRSIGNER,
          Field.MEASUREMENT,
          Field.HOST_DATA,
          Field.FMSPC);

  private AuditMeasurement() {}

  static void write(Claims claims, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("measurement");
    json.writeStringField("tee", claims.tee().word());
    for (Field field : FIELDS) {
      Optional<String> hex = claims.hex(field);
      if (hex.isPresent()) {
        json.writeStringField(field.word(), hex.get());
      }
    }
    if (claims.tcb().isPresent()) {
      json.writeStringField("tcb_status", claims.tcb().get().status().word());
    }
    json.writeEndObject();
  }
}
