package io.unsealfs.key.cdh;

import io.unsealfs.key.KeyReferenceException;

/** The resource is longer than any key. */
public final class OversizeAnswerException extends KeyReferenceException {
  private static final long serialVersionUID = 1L;

  OversizeAnswerException() {
    super(
        "the resource holds more than %d bytes: too long for a key".formatted(HubAnswer.MAX_BODY));
  }
}
