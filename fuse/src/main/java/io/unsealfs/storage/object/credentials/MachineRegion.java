package io.unsealfs.storage.object.credentials;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.util.regex.Pattern;

/**
 * The region that the virtual machine runs in, from its metadata host. That host is outside the
 * trust boundary: a region is one word, which leads to no other provider and only to ciphertext.
 */
public final class MachineRegion implements Closeable {
  private static final Pattern REGION = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  private final MachineMetadata metadata;
  private final String path;

  private MachineRegion(MachineMetadata metadata, String path) {
    this.metadata = metadata;
    this.path = path;
  }

  /** That of an ECS instance. */
  public static MachineRegion ecs() {
    return ecs(MachineMetadata.ecs());
  }

  /** The same, of another host. */
  static MachineRegion ecs(URI host) {
    return ecs(MachineMetadata.ecs(host));
  }

  private static MachineRegion ecs(MachineMetadata metadata) {
    return new MachineRegion(metadata, "/latest/meta-data/region-id");
  }

  /** That of an EC2 instance, IMDSv2. */
  public static MachineRegion ec2() {
    return ec2(MachineMetadata.ec2());
  }

  /** The same, of another host. */
  static MachineRegion ec2(URI host) {
    return ec2(MachineMetadata.ec2(host));
  }

  private static MachineRegion ec2(MachineMetadata metadata) {
    return new MachineRegion(metadata, "/latest/meta-data/placement/region");
  }

  /**
   * Its name, such as {@code cn-hangzhou}. Waits a second at most for a host that is not there.
   *
   * @throws IOException if the host is not there, refuses or answers nonsense
   */
  public String fetch() throws IOException {
    String what = "the machine's region from " + metadata.host();
    return MachineMetadata.word(what, REGION, metadata.get(what, path, metadata.token(what)));
  }

  @Override
  public void close() {
    metadata.close();
  }
}
