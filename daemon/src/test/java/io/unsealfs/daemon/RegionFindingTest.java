package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialFetcher;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import java.io.IOException;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegionFindingTest {
  private static final ObjectUri OSS = ObjectUri.parse("oss://models/m");
  private static final ObjectUri S3 = ObjectUri.parse("s3://models/m");
  private int asked;

  private String tell(String region) {
    asked++;
    return region;
  }

  private RegionFinding finding(Map<String, String> environment) {
    return new RegionFinding(environment, () -> tell("cn-beijing"), () -> tell("eu-west-1"));
  }

  private static RegionFinding failing(IOException why) {
    RegionFinding.Machine machine =
        () -> {
          throw why;
        };
    return new RegionFinding(Map.of(), machine, machine);
  }

  private static CredentialCache role(CredentialFetcher fetcher) {
    CredentialListener deaf = new CredentialFigures();
    return new CredentialCache(fetcher, Clock.systemUTC(), deaf);
  }

  private static CredentialCache role() {
    return role(StoreCredentials::anonymous);
  }

  @Test
  void aMachineTellsTheRegionOfAnOssBucketThatNothingElseNames() throws IOException {
    StoreSettings found = finding(Map.of()).oss(OSS, StoreSettings.defaults());
    assertEquals(Optional.of("cn-beijing"), found.region());
  }

  @ParameterizedTest
  @CsvSource({
    "region,cn-hangzhou",
    "endpoint,https://oss-cn-hangzhou-internal.aliyuncs.com",
    "OSS_REGION,cn-hangzhou",
    "ALIBABA_CLOUD_REGION_ID,cn-hangzhou"
  })
  void aMachineIsNotAskedForAnOssRegionThatIsNamed(String where, String value) throws IOException {
    boolean setting = !where.contains("_");
    StoreSettings said = StoreSettings.parse(setting ? Map.of(where, value) : Map.of());
    assertEquals(said, finding(setting ? Map.of() : Map.of(where, value)).oss(OSS, said));
    assertEquals(0, asked);
  }

  @Test
  void anOssRegionThatNobodyTellsIsRefusedWithWhatWasTried() {
    IOException away = new StoreUnavailableException("100.100.100.200 is away", 0);
    UsageException e =
        assertThrows(UsageException.class, () -> failing(away).oss(OSS, StoreSettings.defaults()));
    String message = String.valueOf(e.getMessage());
    for (String tried : new String[] {"set region", "OSS_REGION", "100.100.100.200 is away"}) {
      assertTrue(message.contains(tried), message);
    }
  }

  @Test
  void anInstanceThatDoesNotAnswerYetMayBeAskedAgain() {
    IOException away = new StoreUnavailableException("away", 0);
    StoreSettings said = StoreSettings.parse(Map.of("credentials", "ram-role"));
    assertThrows(StoreUnavailableException.class, () -> failing(away).oss(OSS, said));
    try (CredentialCache role = role()) {
      assertThrows(
          StoreUnavailableException.class,
          () -> failing(away).s3(S3, StoreSettings.defaults(), role));
    }
  }

  @Test
  void anInstanceTellsTheRegionOfABucketOfAws() throws IOException {
    try (CredentialCache role = role()) {
      StoreSettings said = StoreSettings.defaults();
      assertEquals(Optional.of("eu-west-1"), finding(Map.of()).s3(S3, said, role).region());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "region,eu-north-1",
    "endpoint,https://s3.eu-north-1.amazonaws.com",
    "endpoint,http://minio.storage:9000",
    "AWS_REGION,eu-north-1",
    "AWS_DEFAULT_REGION,eu-north-1"
  })
  void anInstanceIsNotAskedForARegionThatIsNamedOrDoesNotMatter(String where, String value)
      throws IOException {
    boolean setting = !where.contains("_");
    StoreSettings said = StoreSettings.parse(setting ? Map.of(where, value) : Map.of());
    try (CredentialCache role = role()) {
      assertEquals(said, finding(setting ? Map.of() : Map.of(where, value)).s3(S3, said, role));
    }
    assertEquals(0, asked);
  }

  @Test
  void whoHasOtherCredentialsThanAnInstancesDoesNotAskOne() throws IOException {
    StoreSettings said = StoreSettings.defaults();
    assertEquals(said, finding(Map.of()).s3(S3, said, null));
    assertEquals(0, asked);
  }

  @Test
  void aMachineWithoutARoleIsSaidToBeOneBeforeItIsAskedForARegion() {
    CredentialFetcher none =
        () -> {
          throw new StoreDeniedException("this machine has no role");
        };
    try (CredentialCache role = role(none)) {
      assertThrows(
          StoreDeniedException.class,
          () -> finding(Map.of()).s3(S3, StoreSettings.defaults(), role));
    }
    assertEquals(0, asked);
  }

  @Test
  void whereAnInstanceKnowsCredentialsOnlyTheRegionIsAsWithoutOne() throws IOException {
    try (CredentialCache role = role()) {
      StoreSettings said = StoreSettings.defaults();
      assertEquals(said, failing(new StoreDeniedException("404")).s3(S3, said, role));
    }
  }
}
