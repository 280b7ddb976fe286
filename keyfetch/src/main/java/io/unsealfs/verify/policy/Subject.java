package io.unsealfs.verify.policy;

import io.unsealfs.attest.Evidence;
import io.unsealfs.verify.Claims;
import java.time.Instant;

/**
 * What a policy is asked about.
 *
 * @param claims of evidence that was verified
 * @param log its event log
 * @param requester who asks
 * @param now the time of the request
 */
public record Subject(Claims claims, LogReading log, Requester requester, Instant now) {

  /** The subject of evidence whose claims were verified. */
  public static Subject of(Evidence evidence, Claims claims, Requester requester, Instant now) {
    return new Subject(claims, LogReading.of(evidence.eventLog(), claims), requester, now);
  }
}
