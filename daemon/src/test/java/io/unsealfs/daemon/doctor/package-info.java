@NullMarked
package io.unsealfs.daemon.doctor;

import org.jspecify.annotations.NullMarked;
