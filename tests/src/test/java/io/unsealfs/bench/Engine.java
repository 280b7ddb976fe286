package io.unsealfs.bench;

import io.unsealfs.crypto.NativeAes;

/** Who computes AES in a benchmark's process. */
final class Engine {
  private static final long MOST_MILLIS = 60_000;

  private Engine() {}

  /**
   * Has AES computed by this engine from now on.
   *
   * @param name {@code native}, what a mount decrypts with, or {@code jdk}
   * @throws IllegalStateException where there is no native one
   */
  static void use(String name) throws InterruptedException {
    if (name.equals("native")) {
      NativeAes.prepare();
      if (!NativeAes.await(MOST_MILLIS)) {
        throw new IllegalStateException("no native engine here; give -p engine=jdk");
      }
    }
  }
}
