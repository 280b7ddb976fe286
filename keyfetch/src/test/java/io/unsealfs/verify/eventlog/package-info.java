@NullMarked
package io.unsealfs.verify.eventlog;

import org.jspecify.annotations.NullMarked;
