package io.unsealfs.key;

import java.util.function.Function;

/**
 * Where the bytes of a {@link Secret} live. The daemon supplies memory that is locked, left out of
 * dumps and wiped on close; this package does not know how.
 */
public interface SecretMemory {

  /** A region holding a copy of {@code bytes}; the caller wipes its own array. */
  Region copyOf(byte[] bytes);

  /** One allocation. Thread-safe; {@link #close} is idempotent. */
  interface Region extends AutoCloseable {

    /** Length in bytes. */
    int size();

    /**
     * Lends the bytes as an array that is wiped when {@code use} returns.
     *
     * @throws IllegalStateException after close
     */
    <T> T use(Function<byte[], T> use);

    @Override
    void close();
  }
}
