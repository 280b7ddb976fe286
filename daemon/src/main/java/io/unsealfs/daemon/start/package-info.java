/** What makes a start fast: class files the AOT cache can hold, and a cipher already compiled. */
@NullMarked
package io.unsealfs.daemon.start;

import org.jspecify.annotations.NullMarked;
