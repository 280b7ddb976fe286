package io.unsealfs.key.file;

import io.unsealfs.attest.Attester;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;

/** {@code prompt:}: a person types the passphrase; its bytes are UTF-8. */
public final class PromptKeyProvider implements KeyProvider {
  private final SecretMemory memory;
  private final PassphrasePrompt prompt;

  /** A provider whose secrets live in {@code memory}, asking through {@code prompt}. */
  public PromptKeyProvider(SecretMemory memory, PassphrasePrompt prompt) {
    this.memory = memory;
    this.prompt = prompt;
  }

  @Override
  public Set<String> schemes() {
    return Set.of("prompt");
  }

  @Override
  public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
      throws IOException {
    char[] typed = prompt.ask("Passphrase: ");
    try {
      return encode(typed);
    } finally {
      Arrays.fill(typed, '\0');
    }
  }

  private Secret encode(char[] typed) throws KeyReferenceException {
    if (typed.length == 0 || typed.length > SecretReader.MAX_BYTES / 3) {
      throw new KeyReferenceException("the passphrase is empty or too long");
    }
    ByteBuffer utf8 = ByteBuffer.allocate(typed.length * 3);
    byte[] bytes = new byte[0];
    try {
      CoderResult result =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .encode(CharBuffer.wrap(typed), utf8, true);
      if (result.isError()) {
        throw new KeyReferenceException("the passphrase is not valid text in this locale");
      }
      bytes = Arrays.copyOf(utf8.array(), utf8.position());
      return new Secret(memory.copyOf(bytes), SecretTerms.NONE);
    } finally {
      Arrays.fill(bytes, (byte) 0);
      Arrays.fill(utf8.array(), (byte) 0);
    }
  }
}
