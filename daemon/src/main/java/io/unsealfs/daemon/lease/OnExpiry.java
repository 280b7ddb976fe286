package io.unsealfs.daemon.lease;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What happens to a mount whose key was denied at renewal, or whose lease ran out. */
public enum OnExpiry {
  /** It goes on; the log says so. */
  KEEP,
  /** What is open stays readable, nothing more can be opened. */
  STOP_NEW_OPENS,
  /** It ends at once, under whoever uses it. */
  UNMOUNT;

  /** As it is written on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The one that is written so. */
  public static Optional<OnExpiry> of(String word) {
    return Arrays.stream(values()).filter(one -> one.word().equals(word)).findFirst();
  }
}
