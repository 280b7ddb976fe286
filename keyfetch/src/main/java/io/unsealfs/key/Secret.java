package io.unsealfs.key;

import java.util.function.Function;

/**
 * A fetched secret and what its sender said about it. Destroyed by {@link #close}; {@code toString}
 * shows nothing of it.
 */
public final class Secret implements AutoCloseable {
  private final SecretMemory.Region region;
  private final SecretTerms terms;

  /** A secret over {@code region}, which it takes over. */
  public Secret(SecretMemory.Region region, SecretTerms terms) {
    this.region = region;
    this.terms = terms;
  }

  /** Lends the bytes as an array that is wiped when {@code use} returns. */
  public <T> T use(Function<byte[], T> use) {
    return region.use(use);
  }

  /** Length in bytes. */
  public int size() {
    return region.size();
  }

  /** What travelled with it. */
  public SecretTerms terms() {
    return terms;
  }

  @Override
  public void close() {
    region.close();
  }

  @Override
  public String toString() {
    return "Secret";
  }
}
