/** Hostile input: fuzz targets, a table of bad configurations, and storage that fails. */
@NullMarked
package io.unsealfs.fuzz;

import org.jspecify.annotations.NullMarked;
