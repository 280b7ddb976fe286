/** Programs that measure; docs/benchmarking.md says how to run them and what they gave. */
@NullMarked
package io.unsealfs.bench;

import org.jspecify.annotations.NullMarked;
