/** Files decrypted ahead into memory that the kernel reads without asking: resident mode. */
@NullMarked
package io.unsealfs.mount.resident;

import org.jspecify.annotations.NullMarked;
