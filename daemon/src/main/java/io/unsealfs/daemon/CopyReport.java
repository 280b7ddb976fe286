package io.unsealfs.daemon;

import io.unsealfs.daemon.log.ErrorText;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.local.CopyListener;
import io.unsealfs.storage.local.TreeSize;
import java.io.IOException;

/** Shows how a copy goes on: progress as a bar, damage and oddities as lines on standard error. */
final class CopyReport implements CopyListener, AutoCloseable {
  private final Progress progress;

  /** A report of a copy of {@code tree}, whose size is looked up only if a bar is shown. */
  CopyReport(String task, FileTree tree) throws IOException {
    this.progress =
        Progress.isShown()
            ? Progress.of(task, TreeSize.of(tree).plaintextBytes())
            : Progress.of(task, -1);
  }

  @Override
  public void copied(long plaintextBytes) {
    progress.add(plaintextBytes);
  }

  @Override
  public void failed(String location, String plaintextPath, IOException why) {
    System.err.println("unsealfs: left out: " + location + ": " + ErrorText.of(why));
  }

  @Override
  public void noticed(String plaintextPath, String what) {
    System.err.println("unsealfs: note: " + plaintextPath + ": " + what);
  }

  /** Takes the bar away, so that a last line can be written. */
  void finish() {
    progress.finish();
  }

  @Override
  public void close() {
    finish();
  }
}
