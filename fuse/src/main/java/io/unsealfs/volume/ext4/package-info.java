/**
 * ext2, ext3 and ext4 inside a plaintext device, read-only (ext4.md). Everything on the device is
 * hostile: each structure is checked when it is read, and damage costs the object it is in.
 */
@NullMarked
package io.unsealfs.volume.ext4;

import org.jspecify.annotations.NullMarked;
