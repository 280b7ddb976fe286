package io.unsealfs.object;

import java.net.URI;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.middleware.Middlewares;
import org.jclouds.blobstore.BlobStore;
import org.jspecify.annotations.Nullable;

/** A real S3 server over a directory, in this process. */
final class S3ProxyServer implements AutoCloseable {
  private final S3Proxy server;
  private final BlobStore store;

  private S3ProxyServer(S3Proxy server, BlobStore store) {
    this.server = server;
    this.store = store;
  }

  /** One that wants these credentials. */
  static S3ProxyServer signed(Path directory, String id, String secret) throws Exception {
    return start(directory, AuthenticationType.AWS_V2_OR_V4, id, secret);
  }

  /** One that looks at no signature: it knows none of OSS. */
  static S3ProxyServer open(Path directory) throws Exception {
    return start(directory, AuthenticationType.NONE, null, null);
  }

  private static S3ProxyServer start(
      Path directory, AuthenticationType type, @Nullable String id, @Nullable String secret)
      throws Exception {
    Properties properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", directory.toString());
    BlobStore store =
        Middlewares.wrap(BlobStores.create("filesystem-nio2", properties), properties, null);
    S3Proxy server =
        S3Proxy.builder()
            .blobStore(store)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(type, id, secret)
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
    return new S3ProxyServer(server, store);
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getPort();
  }

  void bucket(String name) {
    store.createContainerInLocation(null, name);
  }

  void put(String bucket, String key, byte[] bytes) {
    store.putBlob(bucket, store.blobBuilder(key).payload(bytes).build());
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }
}
