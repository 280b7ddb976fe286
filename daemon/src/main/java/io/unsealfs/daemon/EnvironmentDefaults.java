package io.unsealfs.daemon;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Defaults from the environment: {@code --chunk-cache-dir} is {@code UNSEALFS_CHUNK_CACHE_DIR}. */
final class EnvironmentDefaults implements IDefaultValueProvider {
  private final Map<String, String> environment;

  EnvironmentDefaults(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (argument instanceof OptionSpec option && option.longestName().startsWith("--")) {
      return environment.get(
          "UNSEALFS_"
              + option.longestName().substring(2).replace('-', '_').toUpperCase(Locale.ROOT));
    }
    return null;
  }
}
