package io.unsealfs.daemon;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.GivenCredentials;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of a directory below a prefix of a bucket of S3 on this machine, for as long as an AOT
 * cache is recorded: without it a mount from a bucket would start with none of its classes in the
 * cache. Lists and reads, as such stores do it: in chunks, with a namespace, with encoded names;
 * nothing else, and only for whoever trains.
 */
final class TrainingBucket implements Closeable {
  static final String NAME = "training";

  /** Where the files are: who mounts them asks for an object of that name first. */
  static final String PREFIX = "volume";

  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{1,15})-(\\d{1,15})");
  private static final int CONNECTIONS = 8;

  /** Of one request; several reads of a connection. */
  private static final int PIECE_BYTES = 100_000;

  private final Path directory;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS);

  TrainingBucket(Path directory) throws IOException {
    this.directory = directory;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /** What {@code --endpoint} wants. */
  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /**
   * Reads a piece of the largest object so often, as a mount does it.
   *
   * @param credentials a file of them
   */
  void requests(int count, Path credentials) throws IOException, UsageException {
    ObjectUri uri = ObjectUri.parse("s3://" + NAME);
    StoreSettings settings =
        StoreOpening.settings(
            uri,
            Map.of(
                "endpoint",
                endpoint(),
                "path-style",
                "true",
                "credentials",
                "file:" + credentials));
    StoreOpening opening = new StoreOpening(Map.of(), new GivenCredentials());
    try (ObjectStore store = opening.open(uri, settings, CredentialListener.none());
        Stream<Path> all = Files.walk(directory)) {
      Path largest =
          all.filter(Files::isRegularFile)
              .max(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
      ObjectVersion version =
          new ObjectVersion(
              PREFIX + "/" + directory.relativize(largest),
              Files.size(largest),
              Optional.of(tag(largest)),
              0,
              false);
      ByteBuffer ciphertext = ByteBuffer.allocateDirect(PIECE_BYTES); // as those of a mount
      for (int i = 0; i < count; i++) {
        RangeSink sink = RangeSink.into(ciphertext.clear());
        Fetched _ =
            store.get(
                version,
                (long) i * 1000 % (version.size() - PIECE_BYTES),
                PIECE_BYTES,
                sink,
                new Cancellation());
      }
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String query = exchange.getRequestURI().getQuery();
      if (query != null && query.contains("list-type=2")) {
        exchange.getResponseHeaders().set("Content-Type", "application/xml");
        exchange.sendResponseHeaders(200, 0); // in chunks
        exchange.getResponseBody().write(listing().getBytes(StandardCharsets.UTF_8));
        return;
      }
      String path = exchange.getRequestURI().getPath();
      String below = "/" + NAME + "/" + PREFIX + "/";
      Path file =
          directory
              .resolve(path.startsWith(below) ? path.substring(below.length()) : "")
              .normalize();
      if (!file.startsWith(directory) || !Files.isRegularFile(file)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      byte[] ciphertext = Files.readAllBytes(file);
      String range = exchange.getRequestHeaders().getFirst("Range");
      Matcher wanted = RANGE.matcher(range == null ? "" : range);
      exchange.getResponseHeaders().set("ETag", etag(file));
      if (!wanted.matches()) {
        send(exchange, 200, ciphertext);
        return;
      }
      int from = Integer.parseInt(wanted.group(1));
      int end = Math.min(ciphertext.length, Integer.parseInt(wanted.group(2)) + 1);
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (end - 1) + "/" + ciphertext.length);
      send(exchange, 206, java.util.Arrays.copyOfRange(ciphertext, from, end));
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private static String tag(Path file) {
    return Integer.toHexString(file.hashCode());
  }

  private static String etag(Path file) {
    return "\"" + tag(file) + "\"";
  }

  private String listing() throws IOException {
    StringBuilder xml =
        new StringBuilder(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
            <IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>\
            """);
    List<Path> files;
    try (Stream<Path> all = Files.walk(directory)) {
      files = all.filter(file -> Files.isRegularFile(file)).sorted().toList();
    }
    for (Path file : files) {
      xml.append("<Contents><Key>")
          .append(PREFIX + "/")
          .append(directory.relativize(file))
          .append("</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>")
          .append(etag(file))
          .append("</ETag><Size>")
          .append(Files.size(file))
          .append("</Size></Contents>");
    }
    return xml.append("</ListBucketResult>").toString();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
