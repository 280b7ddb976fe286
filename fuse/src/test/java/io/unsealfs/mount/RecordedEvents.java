package io.unsealfs.mount;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Events as text. */
final class RecordedEvents implements FuseEvents {
  final List<String> lines = new CopyOnWriteArrayList<>();

  @Override
  public void failed(String operation, String location, String plaintextPath, IOException cause) {
    lines.add(
        "failed " + operation + " " + location + " " + plaintextPath + " " + cause.getMessage());
  }

  @Override
  public void unexpected(String operation, Throwable cause) {
    lines.add("unexpected " + operation + " " + cause.getClass().getSimpleName());
  }
}
