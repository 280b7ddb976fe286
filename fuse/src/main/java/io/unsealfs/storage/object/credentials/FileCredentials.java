package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreProtocolException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Credentials of a file, JSON or properties, that somebody else keeps up to date: a mounted secret.
 * A file is taken as another when its time, size or identity differs.
 */
public final class FileCredentials implements CredentialFetcher {
  private static final int BYTES_MAX = 64 * 1024;
  private final Path path;

  /** What a file looked like. */
  private record Look(long modifiedNanos, long size, @Nullable Object identity) {}

  /** The file as it was when it was read last, well or not; null if it was not there. */
  private volatile @Nullable Look read;

  /** For this file. */
  public FileCredentials(Path path) {
    this.path = path;
  }

  @Override
  public StoreCredentials fetch() throws IOException {
    String where = "the credentials file " + Name.of(path.toString());
    // the look comes first: a change between it and the bytes is seen the next time
    read = look();
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(BYTES_MAX + 1);
    } catch (IOException e) {
      throw new StoreDeniedException(where + " cannot be read", e);
    }
    try {
      if (bytes.length > BYTES_MAX) {
        throw new StoreProtocolException(where + " is larger than " + BYTES_MAX + " bytes");
      }
      return parse(where, bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /**
   * Reads credentials written as in a file.
   *
   * @param where they come from, for messages
   * @throws StoreProtocolException if they are none
   */
  public static StoreCredentials parse(String where, byte[] bytes) throws IOException {
    return CredentialParts.of(where, values(where, bytes), "");
  }

  private static Map<String, String> values(String where, byte[] bytes) throws IOException {
    int start = 0;
    while (start < bytes.length && bytes[start] <= ' ') {
      start++;
    }
    if (start < bytes.length && bytes[start] == '{') {
      return FlatJson.read(where, bytes);
    }
    Properties properties = new Properties();
    try {
      properties.load(
          new InputStreamReader(new ByteArrayInputStream(bytes), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw new StoreProtocolException(where + " is neither JSON nor properties");
    }
    Map<String, String> values = new HashMap<>();
    properties.stringPropertyNames().forEach(n -> values.put(n, properties.getProperty(n).trim()));
    return values;
  }

  @Override
  public boolean changed() {
    Look before = read;
    Look now = look();
    return now != null && !now.equals(before);
  }

  private @Nullable Look look() {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return new Look(
          attributes.lastModifiedTime().to(java.util.concurrent.TimeUnit.NANOSECONDS),
          attributes.size(),
          attributes.fileKey());
    } catch (IOException e) {
      // being replaced, perhaps: those that are in use stay
      return null;
    }
  }
}
