package io.unsealfs.daemon.log;

/** The words of {@code --log-format}. */
public enum LogFormat {
  /** Level, logger and message; with the time unless the receiver adds it. */
  TEXT,
  /** One JSON object per line. */
  JSON
}
