package io.unsealfs.attest;

/**
 * Evidence in the sense of RFC 9334. The arrays are not copied and must not be changed.
 *
 * @param type {@code tdx}, {@code snp}, {@code sample} or {@code none}
 * @param quote TDX: the quote, cut to its own length; SNP: the report, right behind it the host's
 *     certificate table if there is one; sample: the sample document
 * @param eventLog TDX: the used part of the event log; may be empty
 */
@SuppressWarnings("ArrayRecordComponent")
public record Evidence(String type, byte[] quote, byte[] eventLog) {}
