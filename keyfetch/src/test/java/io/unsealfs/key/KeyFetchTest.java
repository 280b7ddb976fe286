package io.unsealfs.key;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.Attester;
import io.unsealfs.attest.NoneAttester;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeyFetchTest {
  private final Map<String, IOException> failures = new HashMap<>();
  private final List<Secret> handedOut = new ArrayList<>();
  private final KeyProvider provider =
      new KeyProvider() {
        @Override
        public Set<String> schemes() {
          return Set.of("file");
        }

        @Override
        public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
            throws IOException {
          IOException failure = failures.get(reference.body());
          if (failure != null) {
            throw failure;
          }
          Secret secret = HeapMemory.secret((reference.body() + "\n").getBytes(UTF_8));
          handedOut.add(secret);
          return secret;
        }
      };
  private final KeyFetch fetch =
      new KeyFetch(
          List.of(provider),
          new HeapMemory(),
          new NoneAttester(),
          new ServerTrust(Optional.empty(), List.of(), false));

  @BeforeEach
  void failuresByName() {
    failures.put("denied", new KeyDeniedException("no"));
    failures.put("away", new KeyUnavailableException("away"));
    failures.put("absent", new KeyReferenceException("absent"));
  }

  private String first(String... names) throws IOException {
    List<KeyReference> references = new ArrayList<>();
    for (String name : names) {
      references.add(KeyReference.parse("file:" + name));
    }
    return fetch.withFirst(
        references,
        (reference, secret) -> {
          if (reference.body().startsWith("wrong")) {
            throw new IOException("does not open");
          }
          return new String(HeapMemory.bytes(secret), UTF_8);
        },
        e -> "does not open".equals(e.getMessage()));
  }

  @Test
  void theFirstThatServesIsUsed() throws Exception {
    assertEquals("a", first("a", "b"));
    assertEquals("b", first("denied", "away", "wrong", "b"));
  }

  @Test
  void rawSecretsAreDestroyed() throws Exception {
    assertEquals("b", first("wrong", "b"));
    assertEquals(2, handedOut.size());
    for (Secret secret : handedOut) {
      assertThrows(IllegalStateException.class, () -> HeapMemory.bytes(secret));
    }
  }

  @Test
  void oneFailureIsThrownAsItIs() {
    assertSame(failures.get("denied"), assertThrows(IOException.class, () -> first("denied")));
  }

  @Test
  void unavailableDecidesWhereverItStands() {
    KeyChainException e =
        assertThrows(KeyChainException.class, () -> first("denied", "away", "absent"));
    assertSame(failures.get("away"), e.decisive());
    assertEquals(3, e.attempts().size());
    assertEquals(
        "none of 3 keys served: file:denied: no; file:away: away; file:absent: absent",
        e.getMessage());
  }

  @Test
  void otherwiseTheLastDecides() {
    KeyChainException e =
        assertThrows(KeyChainException.class, () -> first("absent", "denied", "wrong"));
    assertEquals("does not open", e.decisive().getMessage());
  }

  @Test
  void aFaultThatIsNotTheKeysEndsTheSearch() throws Exception {
    List<KeyReference> references =
        List.of(KeyReference.parse("file:a"), KeyReference.parse("file:b"));
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                fetch.withFirst(
                    references,
                    (reference, secret) -> {
                      throw new IOException("no such volume");
                    },
                    failure -> false));
    assertEquals("no such volume", e.getMessage());
    assertEquals(1, handedOut.size());
  }

  @Test
  void noKeyAtAllSaysHowToNameOne() {
    IOException e = assertThrows(IOException.class, () -> first());
    assertInstanceOf(KeyReferenceException.class, e);
    assertTrue(e.toString().contains("--key"));
  }

  @Test
  void twoProvidersOfOneSchemeAreAFault() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new KeyFetch(
                List.of(provider, provider),
                new HeapMemory(),
                new NoneAttester(),
                new ServerTrust(Optional.empty(), List.of(), false)));
  }
}
