/**
 * The Verifier of RFC 9334: judges evidence. Pure functions of their input; what is not verified is
 * never accepted.
 */
@NullMarked
package io.unsealfs.verify;

import org.jspecify.annotations.NullMarked;
