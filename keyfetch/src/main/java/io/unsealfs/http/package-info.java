/** The plain HTTP endpoint for people, probes and scrapers, of a mount and of the key server. */
@NullMarked
package io.unsealfs.http;

import org.jspecify.annotations.NullMarked;
