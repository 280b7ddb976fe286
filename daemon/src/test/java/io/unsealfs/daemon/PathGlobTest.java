package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathGlobTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          **                  | model.bin          | true
          **                  | a/b/model.bin      | true
          *.bin               | model.bin          | true
          *.bin               | a/b/model.bin      | true
          *.bin               | model.txt          | false
          *.{bin,safetensors} | a/x.safetensors    | true
          a/*                 | a/x                | true
          a/*                 | a/b/x              | false
          /a/**               | a/b/x              | true
          a/**                | x                  | false
          **/x                | x                  | true
          **/x                | a/b/x              | true
          model-0000[1-3]*    | model-00002.bin    | true
          model-0000[1-3]*    | model-00004.bin    | false
          /x                  | a/x                | false
          /x                  | x                  | true
          é*                  | dir/été            | true
          """)
  void matches(String glob, String path, boolean expected) throws UsageException {
    assertEquals(expected, PathGlob.of("--preload", glob).test(path));
  }

  @Test
  void aMalformedGlobIsAUsageError() {
    assertThrows(UsageException.class, () -> PathGlob.of("--preload", "{a,b"));
    assertThrows(UsageException.class, () -> PathGlob.of("--preload", ""));
    assertThrows(UsageException.class, () -> PathGlob.of("--preload", "/"));
  }

  @Test
  void aNameThatCannotBeAPathIsNotMeant() throws UsageException {
    assertEquals(false, PathGlob.of("--preload", "a/*").test("a/\0"));
  }
}
