package io.unsealfs.daemon.start;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A step of the build, before the AOT cache is made: copies of those libraries that the cache of
 * JDK 25 would leave out, in a form that it takes, and jffi's native library as a file, so that not
 * every start unpacks it into a temporary one. The copies stand first on the class path; without
 * them everything still works, more slowly.
 */
public final class StartFiles {
  private static final String NATIVE = "libjffi-1.2.so";
  private static final String CIPHER = "libamazonCorrettoCryptoProvider.so";
  private static final String CIPHER_FOLDER = "/com/amazon/corretto/crypto/provider/";

  private StartFiles() {}

  /**
   * Prints the names of the jars written, in the order of the class path.
   *
   * @param arguments the directory of libraries, and the directory to write into
   */
  public static void main(String[] arguments) throws IOException {
    Path libraries = Path.of(arguments[0]);
    Path target = Path.of(arguments[1]);
    List<Path> jars = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(libraries, "*.jar")) {
      found.forEach(jars::add);
    }
    jars.sort(null);
    List<String> written = new ArrayList<>();
    for (Path jar : jars) {
      String name = jar.getFileName().toString();
      if (CacheableJar.copyIfNeeded(jar, target.resolve(name))) {
        written.add(name);
      }
    }
    unpack("/jni/" + machine() + "-Linux/" + NATIVE, target.resolve(NATIVE));
    unpack(CIPHER_FOLDER + CIPHER, target.resolve(CIPHER));
    System.out.println(String.join(":", written));
  }

  /** The platform as jffi names it inside its jar. */
  private static String machine() {
    return System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64";
  }

  /** A native library out of its jar; nothing where there is none. */
  private static void unpack(String resource, Path target) throws IOException {
    try (InputStream in = StartFiles.class.getResourceAsStream(resource)) {
      if (in != null) {
        Files.copy(in, target);
      }
    }
  }
}
