package io.unsealfs.volume.image;

/**
 * One partition of a device.
 *
 * @param number as the kernel counts: logical partitions of an MBR from 5
 * @param offset first byte
 * @param length bytes; the range lies inside of the device
 */
public record Partition(int number, long offset, long length) {}
