/** The units, the mount helper and the packages, on a booted systemd. */
@NullMarked
package io.unsealfs.systemd;

import org.jspecify.annotations.NullMarked;
