package io.unsealfs.fuzz;

import io.unsealfs.key.SecretMemory;
import java.util.function.Function;

/** Memory of a secret that is none: what is fuzzed is not secret. */
@SuppressWarnings("ArrayRecordComponent") // nobody compares regions
record HeapRegion(byte[] bytes) implements SecretMemory.Region {
  HeapRegion {
    bytes = bytes.clone();
  }

  @Override
  public int size() {
    return bytes.length;
  }

  @Override
  public <T> T use(Function<byte[], T> use) {
    return use.apply(bytes.clone());
  }

  @Override
  public void close() {}
}
