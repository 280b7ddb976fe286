package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreDeniedException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Credentials of the virtual machine's role, from its metadata host; what that says is store
 * credentials and nothing else.
 */
public final class MachineRole implements CredentialFetcher {
  private static final Pattern ROLE = Pattern.compile("[A-Za-z0-9+=,.@_-]{1,128}");

  private final MachineMetadata metadata;
  private final String path;
  private final Optional<String> role;

  private MachineRole(MachineMetadata metadata, String kind, Optional<String> role) {
    this.metadata = metadata;
    this.path = "/latest/meta-data/" + kind + "/security-credentials/";
    this.role = role;
  }

  /** The RAM role of an ECS instance. */
  public static MachineRole ecs(Optional<String> role) {
    return new MachineRole(MachineMetadata.ecs(), "ram", role);
  }

  /** The same, from another host. */
  static MachineRole ecs(URI host, Optional<String> role) {
    return new MachineRole(MachineMetadata.ecs(host), "ram", role);
  }

  /** The role of an EC2 instance, IMDSv2. */
  public static MachineRole ec2() {
    return new MachineRole(MachineMetadata.ec2(), "iam", Optional.empty());
  }

  /** The same, from another host. */
  static MachineRole ec2(URI host) {
    return new MachineRole(MachineMetadata.ec2(host), "iam", Optional.empty());
  }

  @Override
  public StoreCredentials fetch() throws IOException {
    String what = "credentials of the machine's role from " + metadata.host();
    Map<String, List<String>> headers = metadata.token(what);
    String name = role.isPresent() ? role.get() : findRole(what, headers);
    Map<String, String> values = FlatJson.read(what, metadata.get(what, path + name, headers));
    if (!values.getOrDefault("Code", "Success").equals("Success")) {
      throw new StoreDeniedException(what + ": the host has none for this role");
    }
    return CredentialParts.of(what, values, "");
  }

  private String findRole(String what, Map<String, List<String>> headers) throws IOException {
    byte[] list = metadata.get(what, path, headers);
    String text = new String(list, StandardCharsets.US_ASCII).strip();
    return MachineMetadata.word(
        what, ROLE, text.lines().findFirst().orElse("").getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() {
    metadata.close();
  }
}
