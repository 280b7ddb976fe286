/**
 * Credentials of object stores: where they come from, and keeping them fresh. They are no secrets
 * of the data, only ciphertext lies in a store; all the same they are never logged. The metadata
 * hosts and token exchanges lie outside the trust boundary: what they say is used as store
 * credentials and for nothing else.
 */
@NullMarked
package io.unsealfs.storage.object.credentials;

import org.jspecify.annotations.NullMarked;
