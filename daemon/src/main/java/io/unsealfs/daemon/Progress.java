package io.unsealfs.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Bytes done, as a bar on standard error when that is a terminal and as nothing otherwise. */
final class Progress implements AutoCloseable {
  private @Nullable ProgressBar bar; // null: not shown, or not any more

  private Progress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  static Progress of(String task) {
    return of(task, -1);
  }

  /** A bar towards {@code totalBytes}; -1: no end known. */
  static Progress of(String task, long totalBytes) {
    if (!isShown()) {
      return new Progress(null);
    }
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(totalBytes)
            .setUnit(" MiB", 1 << 20)
            .setStyle(ProgressBarStyle.ASCII)
            .continuousUpdate()
            .setUpdateIntervalMillis(250)
            .showSpeed()
            .build());
  }

  /** Whether standard error is a terminal. */
  static boolean isShown() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  void add(long bytes) {
    ProgressBar shown = bar;
    if (shown != null) {
      shown.stepBy(bytes);
    }
  }

  /** A result line on standard output, not torn by the bar. */
  void line(String text) {
    System.out.println(text);
  }

  /** Takes the bar away, so that a last line can be written. Idempotent. */
  void finish() {
    ProgressBar shown = bar;
    bar = null; // closing it once more would draw it below the last line
    if (shown != null) {
      shown.close();
    }
  }

  @Override
  public void close() {
    finish();
  }
}
