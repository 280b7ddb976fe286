/**
 * Event logs of TDs: the boot log (CCEL, in the TCG's crypto-agile form) and the entries that an
 * attestation agent adds to it.
 *
 * <p>A log comes from whoever shows the evidence. Replaying it against RTMR0 to RTMR3 of a verified
 * quote proves its digests and their order, and nothing else: the text beside a digest is a claim,
 * until it is shown to be what was digested.
 */
@NullMarked
package io.unsealfs.verify.eventlog;

import org.jspecify.annotations.NullMarked;
