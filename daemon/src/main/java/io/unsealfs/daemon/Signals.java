package io.unsealfs.daemon;

import java.lang.System.Logger.Level;
import java.lang.reflect.Proxy;

/**
 * Hears of signals. The JDK's only way is a class that every use of is a compiler warning, which
 * cannot be suppressed; hence by reflection.
 */
final class Signals {
  private static final System.Logger LOG = System.getLogger(Signals.class.getName());

  private Signals() {}

  /**
   * Runs {@code action} in a thread of its own whenever the signal comes, instead of what the JVM
   * would do.
   *
   * @param name without SIG, such as {@code HUP}
   */
  static void on(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object runs =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                action.run();
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), runs);
    } catch (ReflectiveOperationException e) {
      LOG.log(Level.WARNING, "SIG" + name + " cannot be handled in this JVM", e);
    }
  }
}
