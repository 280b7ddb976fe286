/**
 * HTTP for object stores: one connection pool under every SDK, in which no answer is larger, slower
 * or longer under way than allowed, none is followed elsewhere, and each can be cancelled. The only
 * package that sees the HTTP client.
 */
@NullMarked
package io.unsealfs.storage.object.http;

import org.jspecify.annotations.NullMarked;
