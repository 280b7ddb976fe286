/** Tests of resident mode without a mount. */
@NullMarked
package io.unsealfs.mount.resident;

import org.jspecify.annotations.NullMarked;
