/**
 * Cryptographic primitives that several volume formats share: composed of the JDK's and Bouncy
 * Castle's, own code only where neither has the construction. Nothing here knows a format.
 */
@NullMarked
package io.unsealfs.crypto;

import org.jspecify.annotations.NullMarked;
