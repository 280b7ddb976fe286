package io.unsealfs.key;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyReferenceTest {

  @ParameterizedTest
  @CsvSource({
    "file:/etc/key, file, /etc/key, PASSPHRASE",
    "file:a?b?as=hex, file, a?b, HEX",
    "FILE:key?as=keyfile, file, key, KEYFILE",
    "fd:3?as=base64, fd, 3, BASE64",
    "credential:model, credential, model, PASSPHRASE",
    "grpc://[::1]:50051/a/b?as=masterkey, grpc, //[::1]:50051/a/b, MASTERKEY",
    "cdh:///default/key/llama?as=hex, cdh, ///default/key/llama, HEX",
  })
  void referencesAreParsed(String text, String scheme, String body, KeyReading reading)
      throws Exception {
    assertEquals(new KeyReference(scheme, body, reading, text), KeyReference.parse(text));
  }

  @Test
  void promptTakesNothingButAReading() throws Exception {
    assertEquals(KeyReading.HEX, KeyReference.parse("prompt:?as=hex").reading());
    assertThrows(KeyReferenceException.class, () -> KeyReference.parse("prompt:me"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hunter2", "hun:ter2", "pass:hunter2", ":hunter2", "/hunter2"})
  void unknownSchemesAreRefusedWithTheListAndWithoutTheText(String text) {
    KeyReferenceException e =
        assertThrows(KeyReferenceException.class, () -> KeyReference.parse(text));
    assertTrue(
        e.toString().contains("file:, fd:, prompt:, credential:, grpc:, cdh:"), e.toString());
    assertFalse(e.toString().contains("hun"), e.toString());
    assertFalse(e.toString().contains("ter2"), e.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:a?as=", "file:a?as=Hex", "file:a?as=raw", "file:a?as=hex&x=y"})
  void unknownReadingsAreRefusedWithTheList(String text) {
    KeyReferenceException e =
        assertThrows(KeyReferenceException.class, () -> KeyReference.parse(text));
    assertTrue(e.toString().contains("passphrase, keyfile, hex, base64, masterkey"), e.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:", "fd:", "credential:?as=hex", "grpc:", "file:a\nb"})
  void whatNamesNothingIsRefused(String text) {
    assertThrows(KeyReferenceException.class, () -> KeyReference.parse(text));
  }
}
