/** LUKS1 and LUKS2 images (luks.md): reading both, writing the second. */
@NullMarked
package io.unsealfs.volume.luks;

import org.jspecify.annotations.NullMarked;
