/**
 * The secret service's protocol core, shared by client and server: what evidence is bound to, how
 * the secret is sealed, who signed it, and how large anything may be. Knows nothing of transport.
 */
@NullMarked
package io.unsealfs.key.wire;

import org.jspecify.annotations.NullMarked;
