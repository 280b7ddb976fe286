package io.unsealfs.volume;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a header says, for {@code info}. Values are text, numbers, booleans or lists of text.
 *
 * @param format name of the format
 * @param properties in the order they are to be shown
 */
public record VolumeInfo(String format, Map<String, Object> properties) {
  /** Copies the properties, keeping their order. */
  public VolumeInfo {
    properties = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    for (Object value : properties.values()) {
      if (!(value instanceof String
          || value instanceof Number
          || value instanceof Boolean
          || value instanceof List<?>)) {
        throw new IllegalArgumentException("not a property value: " + value.getClass());
      }
    }
  }
}
