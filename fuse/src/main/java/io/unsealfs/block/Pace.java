package io.unsealfs.block;

/**
 * How fast the ciphertext of one open file comes in. A moving average over reads long enough to say
 * something; one slow read among fast ones (a page fault, a thread put aside) says nothing, so
 * outliers are clipped. Once a source was found slow it stays so: read-ahead makes it look fast,
 * and must not be switched off by its own success.
 */
final class Pace {
  /** Reads of fewer bytes tell the cost of a call, not of a byte. */
  private static final int LEAST_BYTES = 64 << 10;

  /** Share of a new sample; outliers count as so many times the limit. */
  private static final double WEIGHT = 1.0 / 8;

  private static final double MOST = 4;

  private final double limitNanosPerByte;
  // races between readers lose a sample now and then, which is fine
  private volatile double average;
  private volatile boolean slow;

  /** A source that is slow above {@code limitNanosPerByte}; 0 says that any source is. */
  Pace(double limitNanosPerByte) {
    this.limitNanosPerByte = limitNanosPerByte;
    this.slow = limitNanosPerByte <= 0;
  }

  /** Whether reads of this length are measured. */
  boolean wants(int bytes) {
    return bytes >= LEAST_BYTES && !slow;
  }

  /** Notes that {@code bytes} of ciphertext took {@code nanos}. */
  void took(int bytes, long nanos) {
    double sample = Math.min((double) nanos / bytes, MOST * limitNanosPerByte);
    double now = average + (sample - average) * WEIGHT;
    average = now;
    if (now > limitNanosPerByte) {
      slow = true;
    }
  }

  /** Whether the source is slower than a reader who only decrypts. */
  boolean isSlow() {
    return slow;
  }
}
