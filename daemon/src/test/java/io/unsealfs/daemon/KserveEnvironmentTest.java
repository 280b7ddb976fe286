package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KserveEnvironmentTest {

  private static Map<String, String> environment(String enabled, String resource) {
    return Map.of("CONFIDENTIAL_ENABLED", enabled, "CONFIDENTIAL_RESOURCE_ID", resource);
  }

  @Test
  void theResourceIsAskedOfTheDataHub() throws Exception {
    assertEquals(
        "cdh:///default/key/llama",
        KserveEnvironment.key(environment("true", "kbs:///default/key/llama"))
            .orElseThrow()
            .text());
    assertEquals(
        "cdh", KserveEnvironment.key(environment("True", "kbs:///a/b/c")).orElseThrow().scheme());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "false", "0", "no"})
  void aModelThatIsNotConfidentialNamesNoKey(String enabled) throws Exception {
    assertEquals(
        Optional.empty(), KserveEnvironment.key(environment(enabled, "kbs:///default/key/llama")));
    assertEquals(Optional.empty(), KserveEnvironment.key(Map.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "default/key/llama", "kbs://default/key/llama", "cdh:///a/b/c"})
  void aConfidentialModelWithoutAResourceIsRefused(String resource) {
    UsageException e =
        assertThrows(
            UsageException.class, () -> KserveEnvironment.key(environment("true", resource)));
    assertTrue(e.toString().contains("kbs:///REPOSITORY/TYPE/TAG"), e.toString());
  }
}
