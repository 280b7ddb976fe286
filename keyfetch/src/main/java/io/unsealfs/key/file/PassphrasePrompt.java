package io.unsealfs.key.file;

import java.io.IOException;

/** Asks a person for a passphrase, without echo. */
@FunctionalInterface
public interface PassphrasePrompt {

  /**
   * What was typed, without the line's end; the caller wipes it.
   *
   * @throws IOException if there is nobody to ask, or the input ended
   */
  char[] ask(String prompt) throws IOException;
}
