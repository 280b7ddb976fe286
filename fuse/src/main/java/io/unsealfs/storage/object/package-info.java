/**
 * Object stores as storage: where the ciphertext is when it is not in a local directory.
 *
 * <p>Here: what a store is asked ({@link ObjectStore}), what it is called ({@link ObjectUri}), how
 * it is set ({@link StoreSettings}), with which credentials, and what can go wrong. One package
 * below for each SDK: {@code s3} and {@code oss}; no other package sees a type of theirs.
 */
@NullMarked
package io.unsealfs.storage.object;

import org.jspecify.annotations.NullMarked;
