package io.unsealfs.storage.local;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Writes down what a copy says. */
public final class Recorder implements CopyListener {
  private final AtomicLong bytes = new AtomicLong();
  private final List<String> failed = new ArrayList<>();
  private final List<String> noticed = new ArrayList<>();

  @Override
  public void copied(long plaintextBytes) {
    bytes.addAndGet(plaintextBytes);
  }

  @Override
  public synchronized void failed(String location, String plaintextPath, IOException why) {
    failed.add(location + " " + plaintextPath);
  }

  @Override
  public synchronized void noticed(String plaintextPath, String what) {
    noticed.add(plaintextPath + ": " + what);
  }

  /** Sum of what was copied. */
  public long bytes() {
    return bytes.get();
  }

  /** Location and path of each failure. */
  public synchronized List<String> failures() {
    return List.copyOf(failed);
  }

  /** Path and text of each notice. */
  public synchronized List<String> notices() {
    return List.copyOf(noticed);
  }
}
