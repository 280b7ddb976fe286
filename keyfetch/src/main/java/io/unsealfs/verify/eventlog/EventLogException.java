package io.unsealfs.verify.eventlog;

import java.io.IOException;

/** An event log that is not in its own form. */
public final class EventLogException extends IOException {
  private static final long serialVersionUID = 1L;

  EventLogException(String message) {
    super("event log: " + message);
  }
}
