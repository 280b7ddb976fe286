package io.unsealfs.key.file;

import io.unsealfs.key.KeyReferenceException;
import java.io.Console;
import java.io.IOException;

/** Asks on the terminal that standard input and output are connected to. */
public final class ConsolePrompt implements PassphrasePrompt {
  @Override
  // JDK 25 is back at the built-in console, which is null where there is no terminal
  @SuppressWarnings("SystemConsoleNull")
  public char[] ask(String prompt) throws IOException {
    Console console = System.console();
    if (console == null || !console.isTerminal()) {
      throw new KeyReferenceException(
          "cannot ask for the passphrase: there is no terminal; use fd:N, file: or credential:");
    }
    char[] typed = console.readPassword("%s", prompt);
    if (typed == null) {
      throw new KeyReferenceException("no passphrase was given: the input ended");
    }
    return typed;
  }
}
