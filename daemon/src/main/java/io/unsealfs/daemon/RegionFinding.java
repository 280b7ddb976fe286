package io.unsealfs.daemon;

import io.unsealfs.storage.object.CredentialChoice;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.TransientStoreException;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.MachineRegion;
import io.unsealfs.storage.object.oss.OssStore;
import io.unsealfs.storage.object.s3.S3Store;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The region of a bucket that nothing else names: that of the machine. Its metadata host is asked
 * only where the answer is needed, so that nobody else waits for a host that is not there.
 */
final class RegionFinding {
  private static final System.Logger LOG = System.getLogger(StoreOpening.class.getName());

  private final Map<String, String> environment;
  private final Machine ecs;
  private final Machine ec2;

  /** Asks a machine for its region. */
  @FunctionalInterface
  interface Machine {
    /**
     * Its name.
     *
     * @throws IOException if the machine does not tell
     */
    String region() throws IOException;
  }

  RegionFinding(Map<String, String> environment, Machine ecs, Machine ec2) {
    this.environment = environment;
    this.ecs = ecs;
    this.ec2 = ec2;
  }

  /** Asks the metadata host of the machine that this runs on. */
  static RegionFinding ofThisMachine(Map<String, String> environment) {
    return new RegionFinding(
        environment, () -> ask(MachineRegion.ecs()), () -> ask(MachineRegion.ec2()));
  }

  private static String ask(MachineRegion machine) throws IOException {
    try (machine) {
      return machine.fetch();
    }
  }

  /**
   * Settings that tell the region of an {@code oss://} bucket, which cannot be done without.
   *
   * @throws UsageException if nothing tells it
   * @throws IOException if an instance, which this is said to be, does not answer now
   */
  StoreSettings oss(ObjectUri uri, StoreSettings settings) throws IOException {
    if (OssStore.knowsRegion(settings, environment)) {
      return settings;
    }
    try {
      return in(uri, settings, ecs.region());
    } catch (TransientStoreException e) {
      throw settings.credentials() instanceof CredentialChoice.RamRole ? e : unknown(uri, e);
    } catch (IOException e) {
      throw unknown(uri, e);
    }
  }

  /**
   * Settings that tell the region of a bucket of AWS, as far as it is found out.
   *
   * @param role credentials that come from an EC2 instance, so that this is one; null if they do
   *     not
   * @throws IOException if the instance has no credentials, or does not answer now
   */
  StoreSettings s3(ObjectUri uri, StoreSettings settings, @Nullable CredentialCache role)
      throws IOException {
    if (role == null || !S3Store.needsRegion(settings, environment)) {
      return settings;
    }
    // they are needed in any case, and a machine that is no instance is found out by them
    var _ = role.current();
    try {
      return in(uri, settings, ec2.region());
    } catch (TransientStoreException e) {
      throw e;
    } catch (IOException e) {
      // hosts that stand in for the instance's may know credentials only
      LOG.log(
          Level.WARNING,
          "{0}: us-east-1 is taken for its region. Neither the endpoint''s name nor AWS_REGION and"
              + " AWS_DEFAULT_REGION tell it, and the machine does not: {1}",
          uri,
          e.getMessage());
      return settings;
    }
  }

  private static StoreSettings in(ObjectUri uri, StoreSettings settings, String region) {
    LOG.log(Level.INFO, "{0}: read in {1}, the region of this machine", uri, region);
    return settings.in(region);
  }

  private static UsageException unknown(ObjectUri uri, IOException e) {
    return new UsageException(
        uri
            + ": the region of the oss:// source is not known; set region, for example"
            + " cn-hangzhou. Neither the endpoint's name nor OSS_REGION and"
            + " ALIBABA_CLOUD_REGION_ID tell it, and the machine does not: "
            + e.getMessage());
  }
}
