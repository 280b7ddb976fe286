/** The kernel's configfs-tsm, through which every TEE of a guest signs its reports. */
@NullMarked
package io.unsealfs.attest.tsm;

import org.jspecify.annotations.NullMarked;
