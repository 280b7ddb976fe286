/** Looks at what a mount needs of this host, and says how to mend what it lacks. */
@NullMarked
package io.unsealfs.daemon.doctor;

import org.jspecify.annotations.NullMarked;
