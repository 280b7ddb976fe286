package io.unsealfs.daemon.start;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A copy of a jar that JDK 25's AOT cache can hold. It leaves out classes older than Java 6, whose
 * verification it cannot do beforehand, and classes of signed jars. In the copy, old classes get
 * the stack maps that newer ones bring along, their instructions unchanged; the signature, which
 * nobody checks against a known signer, is dropped. The JVM verifies every class of the copy.
 */
final class CacheableJar {
  private CacheableJar() {}

  /** Writes the copy if there is a reason to; false if the jar may stay as it is. */
  static boolean copyIfNeeded(Path jar, Path copy) throws IOException {
    // not verified: the copy drops the signature, and the original was loaded without a known
    // signer
    try (JarFile in = new JarFile(jar.toFile(), false)) {
      List<JarEntry> entries = Collections.list(in.entries());
      if (!needsCopy(in, entries)) {
        return false;
      }
      try (ZipOutputStream out =
          new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(copy)))) {
        out.setLevel(Deflater.BEST_SPEED);
        for (JarEntry entry : entries) {
          if (!isSignature(entry.getName())) {
            ZipEntry written = new ZipEntry(entry.getName());
            written.setTime(entry.getTime());
            out.putNextEntry(written);
            out.write(content(in, entry));
            out.closeEntry();
          }
        }
      }
      return true;
    }
  }

  private static boolean needsCopy(JarFile jar, List<JarEntry> entries) throws IOException {
    for (JarEntry entry : entries) {
      if (isSignature(entry.getName())) {
        return true;
      }
      if (isClass(entry)) {
        try (InputStream in = jar.getInputStream(entry)) {
          if (OldClass.isOld(in.readNBytes(8))) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static byte[] content(JarFile jar, JarEntry entry) throws IOException {
    byte[] bytes;
    try (InputStream in = jar.getInputStream(entry)) {
      bytes = in.readAllBytes();
    }
    if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
      return withoutDigests(bytes);
    }
    return isClass(entry) && OldClass.isOld(bytes) ? OldClass.withStackMaps(bytes) : bytes;
  }

  /** The main attributes only: those of single entries are digests, thousands of them. */
  private static byte[] withoutDigests(byte[] manifest) throws IOException {
    Manifest read = new Manifest(new ByteArrayInputStream(manifest));
    read.getEntries().clear();
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    read.write(written);
    return written.toByteArray();
  }

  private static boolean isClass(JarEntry entry) {
    return entry.getName().endsWith(".class");
  }

  private static boolean isSignature(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.matches("META-INF/[^/]+\\.(SF|RSA|DSA|EC)");
  }
}
