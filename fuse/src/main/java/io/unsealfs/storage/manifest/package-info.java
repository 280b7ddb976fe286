/**
 * Sealed manifests: names, sizes and digests of ciphertext, made where it is trusted and used where
 * it is not. Nothing in one is secret; the seal is a MAC with a key derived from the volume's.
 */
@NullMarked
package io.unsealfs.storage.manifest;

import org.jspecify.annotations.NullMarked;
