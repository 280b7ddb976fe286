@NullMarked
package io.unsealfs.attest.sample;

import org.jspecify.annotations.NullMarked;
