package io.unsealfs.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A run of the bench, done.
 *
 * @param options what was asked for
 * @param machine what it ran on, by property
 * @param leftOut subjects that took no part, with the reason
 * @param readAhead read-ahead of each mount in KiB
 * @param results the figures
 * @param ours the subject that stands for us in the promises
 * @param workspace where it worked; gone by now
 */
record Run(
    BenchOptions options,
    Map<String, String> machine,
    Map<String, String> leftOut,
    Map<String, String> readAhead,
    Results results,
    String ours,
    Path workspace) {

  List<Reach> reach() {
    return Reach.rows(results, ours);
  }
}
