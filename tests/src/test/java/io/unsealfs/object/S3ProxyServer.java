package io.unsealfs.object;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * A real S3 server over a directory, in this process. It listens twice: one door wants signatures,
 * through the other tests bring their objects, and whoever signs in a way it does not know comes in
 * too.
 */
public final class S3ProxyServer implements AutoCloseable {
  /** Who may come in by the door that wants signatures. */
  public static final String ID = "ak";

  /** His secret. */
  public static final String SECRET = "sk";

  private final S3Proxy signed;
  private final S3Proxy open;
  private final Sent sent;
  private final HttpClient client = HttpClient.newHttpClient();

  private S3ProxyServer(S3Proxy signed, S3Proxy open, Sent sent) {
    this.signed = signed;
    this.open = open;
    this.sent = sent;
  }

  /** Counts the bytes of each object that are read from the store behind both doors. */
  private static final class Sent extends ForwardingBlobStore {
    private final Map<String, LongAdder> bytes = new ConcurrentHashMap<>();

    Sent(BlobStore store) {
      super(store);
    }

    @Override
    public ResponseInputStream<GetObjectResponse> getBlob(GetObjectRequest request) {
      ResponseInputStream<GetObjectResponse> answer = super.getBlob(request);
      if (answer != null) {
        bytes
            .computeIfAbsent(request.key(), key -> new LongAdder())
            .add(answer.response().contentLength());
      }
      return answer;
    }

    long of(String key) {
      LongAdder counted = bytes.get(key);
      return counted == null ? 0 : counted.sum();
    }
  }

  /** Bytes of the object of that name that were asked for so far, of whatever bucket. */
  public long sentBytes(String key) {
    return sent.of(key);
  }

  /** Serves the buckets in {@code directory}, which has to exist. */
  public static S3ProxyServer start(Path directory) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", directory.toString());
    // in memory: on disk it adds to names, and those of gocryptfs may have 255 bytes already
    Sent store = new Sent(BlobStores.create("transient-nio2", properties));
    return new S3ProxyServer(
        start(
            S3Proxy.builder()
                .blobStore(store)
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, ID, SECRET)),
        start(
            S3Proxy.builder()
                .blobStore(store)
                .awsAuthentication(AuthenticationType.NONE, null, null)),
        store);
  }

  private static S3Proxy start(S3Proxy.Builder builder) throws Exception {
    S3Proxy server =
        builder
            .endpoint(URI.create("http://127.0.0.1:0"))
            .ignoreUnknownHeaders(true)
            .stopTimeout(0)
            .build();
    server.start();
    while (!server.getState().equals("STARTED")) {
      if (server.getState().equals("FAILED")) {
        throw new IllegalStateException("s3proxy did not start");
      }
      LockSupport.parkNanos(10_000_000);
    }
    return server;
  }

  /** Where signatures are looked at. */
  public String endpoint() {
    return "http://127.0.0.1:" + signed.getPort();
  }

  /** Where none are. */
  public String openEndpoint() {
    return "http://127.0.0.1:" + open.getPort();
  }

  /** Makes a bucket. */
  public void bucket(String name) throws IOException, InterruptedException {
    put(URI.create(openEndpoint() + "/" + name), HttpRequest.BodyPublishers.noBody());
  }

  /** Puts an object there, or another version in its place. */
  public void put(String bucket, String key, byte[] bytes)
      throws IOException, InterruptedException {
    put(uri(bucket, key), HttpRequest.BodyPublishers.ofByteArray(bytes));
  }

  /** Puts a file there. */
  public void put(String bucket, String key, Path file) throws IOException, InterruptedException {
    put(uri(bucket, key), HttpRequest.BodyPublishers.ofFile(file));
  }

  /** Puts the regular files below {@code directory} there, as tools for buckets do. */
  public void upload(String bucket, String prefix, Path directory)
      throws IOException, InterruptedException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file :
          files.filter(f -> Files.isRegularFile(f) && !Files.isSymbolicLink(f)).toList()) {
        put(bucket, prefix + "/" + directory.relativize(file), file);
      }
    }
  }

  private URI uri(String bucket, String key) {
    String path =
        URLEncoder.encode(key, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
    return URI.create(openEndpoint() + "/" + bucket + "/" + path);
  }

  private void put(URI uri, HttpRequest.BodyPublisher body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(uri).PUT(body).build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException("s3proxy says " + answer.statusCode() + " " + answer.body());
    }
  }

  @Override
  public void close() throws IOException {
    client.close();
    stop(signed);
    stop(open);
  }

  private static void stop(S3Proxy server) throws IOException {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IOException("s3proxy does not stop", e);
    }
  }
}
