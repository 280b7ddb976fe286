package io.unsealfs.verify.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.filter.FilteringParserDelegate;
import com.fasterxml.jackson.core.filter.JsonPointerBasedFilter;
import com.fasterxml.jackson.core.filter.TokenFilter.Inclusion;
import io.unsealfs.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The documentation says what the reader does. */
class PolicyDocumentsTest {
  private static final Path DOCS = Path.of("..", "docs");

  @Test
  void theExamplesAreRead() throws IOException {
    Matcher block =
        Pattern.compile("```yaml\n(version: 1.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(DOCS.resolve("key-release.md")));
    List<String> names = new ArrayList<>();
    while (block.find()) {
      names.addAll(Policy.parse(block.group(1).getBytes(UTF_8), "example").secrets());
    }
    assertEquals(List.of("llama", "qwen", "pod-model"), names);
  }

  private static List<String> properties(String definition) throws IOException {
    List<String> names = new ArrayList<>();
    try (JsonParser in =
        new FilteringParserDelegate(
            new JsonFactory().createParser(DOCS.resolve("policy.schema.json").toFile()),
            new JsonPointerBasedFilter(JsonPointer.compile("/$defs/" + definition + "/properties")),
            Inclusion.ONLY_INCLUDE_ALL,
            false)) {
      in.nextToken();
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        names.add(in.currentName());
        in.nextToken();
        in.skipChildren();
      }
    }
    assertFalse(names.isEmpty(), definition);
    return names;
  }

  @ParameterizedTest
  @ValueSource(strings = {"tdx", "snp", "sgx"})
  void theReaderKnowsEveryKeyOfTheSchema(String tee) throws IOException {
    for (String key : properties(tee)) {
      if (!key.equals("tee")) {
        String any = key.equals("any_measurement") ? "" : "any_measurement: true\n";
        YamlException e =
            assertThrows(
                YamlException.class,
                () -> PolicyTest.rule(tee, any + key + ": [[]]\nno_such_key: a"),
                key);
        // its value is refused, and not its name
        assertTrue(String.valueOf(e.getMessage()).contains(key), e.getMessage());
        assertFalse(String.valueOf(e.getMessage()).contains("unknown"), e.getMessage());
      }
    }
  }

  @Test
  void theSchemaKnowsTheKeysOfALearnedPolicy() throws IOException {
    List<String> known = new ArrayList<>(properties("tdx"));
    known.addAll(properties("event_log"));
    known.addAll(properties("secret"));
    known.addAll(List.of("version", "secrets"));
    String learned =
        PolicySkeleton.of(
            "model",
            Machine.tdx()
                .booted(io.unsealfs.vectors.Vectors.bytes("tdx/trustee-ccel-aael-alibabacloud.bin"))
                .subject());
    Matcher key = Pattern.compile("^[ -]*([a-z_0-9]+):", Pattern.MULTILINE).matcher(learned);
    while (key.find()) {
      assertTrue(known.contains(key.group(1)), key.group(1));
    }
  }
}
