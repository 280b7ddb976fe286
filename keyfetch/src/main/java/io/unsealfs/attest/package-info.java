@NullMarked
package io.unsealfs.attest;

import org.jspecify.annotations.NullMarked;
