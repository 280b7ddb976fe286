package io.unsealfs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.storage.object.StoreSettings;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class S3RegionTest {
  private static Optional<String> named(String endpoint) {
    return S3Region.named(StoreSettings.parse(Map.of("endpoint", endpoint)), Map.of());
  }

  @ParameterizedTest
  @CsvSource({
    "s3.eu-west-1.amazonaws.com,eu-west-1",
    "s3-us-gov-west-1.amazonaws.com,us-gov-west-1",
    "s3.dualstack.ap-southeast-2.amazonaws.com,ap-southeast-2",
    "s3.cn-north-1.amazonaws.com.cn,cn-north-1",
    "bucket.vpce-1a2b-3c.s3.us-east-2.vpce.amazonaws.com,us-east-2"
  })
  void theNameOfAnEndpointTellsTheRegion(String endpoint, String region) {
    assertEquals(Optional.of(region), named(endpoint));
  }

  @ParameterizedTest
  @CsvSource({
    "s3.amazonaws.com,true",
    "s3.eu-west-1.amazonaws.com.evil.example,false",
    "s3.eu-west-1.notamazonaws.com,false",
    "minio.storage,false"
  })
  void otherNamesDoNot(String endpoint, boolean aws) {
    assertEquals(Optional.empty(), named(endpoint));
    assertEquals(aws, S3Region.isAws(StoreSettings.parse(Map.of("endpoint", endpoint))));
  }

  @Test
  void aSettingGoesBeforeTheEnvironment() {
    Map<String, String> environment = Map.of("AWS_REGION", "a-1", "AWS_DEFAULT_REGION", "b-1");
    assertEquals(Optional.of("a-1"), S3Region.named(StoreSettings.defaults(), environment));
    StoreSettings set = StoreSettings.parse(Map.of("region", "c-1"));
    assertEquals(Optional.of("c-1"), S3Region.named(set, environment));
  }
}
