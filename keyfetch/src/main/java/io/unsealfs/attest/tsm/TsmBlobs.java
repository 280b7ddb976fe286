package io.unsealfs.attest.tsm;

/**
 * What the kernel answered. The arrays are not copied and must not be changed.
 *
 * @param signed the report or quote, perhaps padded
 * @param auxiliary what it takes to verify it, if the provider has it; may be empty
 */
@SuppressWarnings("ArrayRecordComponent")
public record TsmBlobs(byte[] signed, byte[] auxiliary) {}
