package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;

/** A shell command on a terminal of its own, made by script(1). */
final class Terminal implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final StringBuilder shown = new StringBuilder(); // guarded by itself
  private boolean ended; // guarded by shown

  Terminal(String shellCommand) throws IOException {
    Needs.programs("script");
    ProcessBuilder builder = new ProcessBuilder("script", "-qfec", shellCommand, "/dev/null");
    builder.environment().keySet().removeIf(name -> name.startsWith("UNSEALFS_"));
    process = builder.redirectErrorStream(true).start();
    Thread.ofPlatform().daemon().name("terminal").start(this::read);
  }

  private void read() {
    byte[] buffer = new byte[4096];
    try (InputStream in = process.getInputStream()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        synchronized (shown) {
          shown.append(new String(buffer, 0, n, UTF_8));
          shown.notifyAll();
        }
      }
    } catch (IOException e) {
      // the terminal is gone
    } finally {
      synchronized (shown) {
        ended = true;
        shown.notifyAll();
      }
    }
  }

  /** Waits until the screen shows {@code text}. */
  void await(String text) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    synchronized (shown) {
      while (shown.indexOf(text) < 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (ended || left <= 0) {
          throw new AssertionError("no '" + text + "' on the screen: " + shown);
        }
        shown.wait(left);
      }
    }
  }

  void type(String line) throws IOException {
    process.getOutputStream().write((line + "\n").getBytes(UTF_8));
    process.getOutputStream().flush();
  }

  String screen() {
    synchronized (shown) {
      return shown.toString();
    }
  }

  /** Waits for the end of the command; the terminal is gone then. */
  int await() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the terminal is still in use: " + screen());
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    Command.kill(process);
  }
}
