package io.unsealfs.soak;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a soak is to do.
 *
 * @param checkout where {@code daemon/bin/unsealfs} is
 * @param duration how long
 * @param transport kernel, jnr, or {@link #RESIDENT}
 * @param seed of everything that is random
 * @param readers processes that read at once
 * @param cacheMebibytes of the daemon; less than the tree, so that it is really read
 * @param largestBytes of the largest file
 */
record SoakPlan(
    Path checkout,
    Duration duration,
    String transport,
    long seed,
    int readers,
    int cacheMebibytes,
    long largestBytes) {

  /** The kernel transport with resident files. */
  static final String RESIDENT = "resident";

  static SoakPlan of(Path checkout, Duration duration, String transport, long seed) {
    return new SoakPlan(checkout, duration, transport, seed, 6, 32, 96L << 20);
  }

  /** Whether the largest files are to be resident, in less memory than all of them need. */
  boolean resident() {
    return transport.equals(RESIDENT);
  }

  /** Words of the mount command for that. */
  List<String> transportWords(int round) {
    if (!resident()) {
      return List.of("--transport", transport);
    }
    return List.of(
        "--transport",
        "kernel",
        "--resident=large-*/[012]-*",
        "--resident-size",
        (largestBytes >> 20) + 8 + "M",
        round % 2 == 0 ? "--resident-wait" : "--no-resident-wait");
  }

  /** The program from the checkout. */
  ProcessBuilder unsealfs(List<String> words) {
    List<String> command = new ArrayList<>();
    command.add(checkout.resolve("daemon/bin/unsealfs").toString());
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("UNSEALFS_"));
    builder.redirectInput(Path.of("/dev/null").toFile());
    return builder;
  }
}
