/** YAML as our files use it: mappings, lists and text, nothing else. */
@NullMarked
package io.unsealfs.yaml;

import org.jspecify.annotations.NullMarked;
