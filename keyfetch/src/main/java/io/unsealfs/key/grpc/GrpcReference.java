package io.unsealfs.key.grpc;

import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.wire.SecretName;
import io.unsealfs.key.wire.WireException;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code grpc://HOST:PORT[,HOST:PORT…]/NAME} names: servers, tried in order, and a secret.
 *
 * @param servers at least one
 * @param name the secret's
 */
record GrpcReference(List<ServerAddress> servers, SecretName name) {
  private static final int MAX_SERVERS = 16;

  static GrpcReference parse(KeyReference reference) throws KeyReferenceException {
    String body = reference.body();
    int slash = body.indexOf('/', 2);
    if (!body.startsWith("//") || slash < 0) {
      throw malformed(reference);
    }
    List<ServerAddress> servers = new ArrayList<>();
    for (String text : body.substring(2, slash).split(",", MAX_SERVERS + 1)) {
      servers.add(ServerAddress.parse(text).orElseThrow(() -> malformed(reference)));
    }
    if (servers.size() > MAX_SERVERS || body.indexOf('?') >= 0) {
      throw malformed(reference);
    }
    try {
      return new GrpcReference(servers, SecretName.parse(body.substring(slash + 1)));
    } catch (WireException e) {
      throw new KeyReferenceException(
          "key reference " + reference.text() + ": " + e.getMessage(), e);
    }
  }

  private static KeyReferenceException malformed(KeyReference reference) {
    return new KeyReferenceException(
        "key reference %s is not grpc://HOST:PORT[,HOST:PORT…]/NAME[?as=…]; IPv6 stands in brackets"
            .formatted(reference.text()));
  }
}
