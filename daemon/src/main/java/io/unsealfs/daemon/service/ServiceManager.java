package io.unsealfs.daemon.service;

import io.unsealfs.os.NotificationSocket;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Who started this process as a service and wants to hear how it goes: systemd, or whoever else
 * sets {@code NOTIFY_SOCKET}. Nothing is sent where nobody listens; a message that cannot be sent
 * costs one line in the log and never the mount. Thread-safe.
 */
public final class ServiceManager {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.service");

  /** More of a status than fits on a line helps nobody. */
  private static final int STATUS_MAX = 200;

  /** Where messages go. */
  @FunctionalInterface
  interface Channel {
    void send(byte[] message) throws IOException;
  }

  private final Optional<Channel> channel;
  private final Optional<Duration> watchdog;
  private final AtomicBoolean failed = new AtomicBoolean();

  ServiceManager(Optional<Channel> channel, Optional<Duration> watchdog) {
    this.channel = channel;
    this.watchdog = channel.isPresent() ? watchdog : Optional.empty();
  }

  /** Nobody who wants to hear anything. */
  public static ServiceManager none() {
    return new ServiceManager(Optional.empty(), Optional.empty());
  }

  /** The one that {@code environment} names ({@code NOTIFY_SOCKET}, {@code WATCHDOG_USEC}). */
  public static ServiceManager of(Map<String, String> environment) {
    return of(environment, ProcessHandle.current().pid());
  }

  static ServiceManager of(Map<String, String> environment, long pid) {
    String name = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (name.isEmpty()) {
      return none();
    }
    try {
      NotificationSocket socket = NotificationSocket.at(name);
      return new ServiceManager(Optional.of(socket::send), watchdog(environment, pid));
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the service manager hears nothing: {0}", e.getMessage());
      return none();
    }
  }

  /** How often it wants a sign of life, if that was meant for this process. */
  private static Optional<Duration> watchdog(Map<String, String> environment, long pid) {
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    String meant = environment.getOrDefault("WATCHDOG_PID", Long.toString(pid));
    if (!micros.matches("[0-9]{1,15}") || !meant.equals(Long.toString(pid))) {
      return Optional.empty();
    }
    long number = Long.parseLong(micros);
    return number == 0
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(number)));
  }

  /** Whether anybody listens. */
  public boolean isPresent() {
    return channel.isPresent();
  }

  /** After how long without {@link #alive} it takes this process for dead; empty for never. */
  public Optional<Duration> watchdogInterval() {
    return watchdog;
  }

  /** The service is ready for use. */
  public void ready(String status) {
    send("READY=1\nSTATUS=" + line(status));
  }

  /** What it does at the moment, for people. Neither names of keys nor plaintext belong here. */
  public void status(String status) {
    send("STATUS=" + line(status));
  }

  /** It begins to stop, as asked. */
  public void stopping(String status) {
    send("STOPPING=1\nSTATUS=" + line(status));
  }

  /** Starting or stopping takes this much longer from now, whatever the limit was. */
  public void extend(Duration by) {
    send("EXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(by.toNanos()));
  }

  /** A sign of life. */
  public void alive() {
    send("WATCHDOG=1");
  }

  /** One line, whatever a message from elsewhere holds: a line break would begin another field. */
  private static String line(String status) {
    String line = status.replaceAll("\\p{Cntrl}", " ");
    return line.length() > STATUS_MAX ? line.substring(0, STATUS_MAX) : line;
  }

  private void send(String message) {
    if (channel.isEmpty()) {
      return;
    }
    try {
      channel.get().send(message.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      if (!failed.getAndSet(true)) {
        LOG.log(Level.WARNING, "the service manager was not reached", e);
      }
    }
  }
}
