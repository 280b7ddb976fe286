package io.unsealfs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectUriTest {

  @Test
  void bucketPrefixAndSettings() {
    ObjectUri uri =
        ObjectUri.parse("oss://models/qwen/72b/?region=cn-hangzhou&path_style&max-connections=8");
    assertEquals("oss", uri.scheme());
    assertEquals("models", uri.bucket());
    assertEquals("qwen/72b", uri.path());
    assertEquals("qwen/72b/", uri.treePrefix());
    assertEquals("oss://models/qwen/72b", uri.toString());
    StoreSettings settings = StoreSettings.parse(uri.settings());
    assertEquals(Optional.of("cn-hangzhou"), settings.region());
    assertTrue(settings.pathStyle());
    assertEquals(8, settings.maxConnections());
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3://my.bucket", "s3://my.bucket/", "oss://abc"})
  void aWholeBucket(String text) {
    assertEquals("", ObjectUri.parse(text).treePrefix());
  }

  @Test
  void nothingInThePathIsDecoded() {
    assertEquals("a%20b/ü+c", ObjectUri.parse("s3://bucket/a%20b/ü+c").path());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3:/bucket/x",
        "S3://bucket/x",
        "http://bucket/x",
        "s3://",
        "s3://ab",
        "s3://UPPER/x",
        "s3://a..b/x",
        "s3://-ab/x",
        "oss://my.bucket/x",
        "s3://user:secret@bucket/x",
        "s3://bucket:9000/x",
        "http://user:secret@bucket/x",
        "s3://bucket//",
        "s3://bucket/a//",
        "s3://bucket//x",
        "s3://bucket/a//b",
        "s3://bucket/../x",
        "s3://bucket/a/.",
        "s3://bucket/a\nb",
        "s3://bucket/a\u0000b",
        "s3://bucket/x?",
        "s3://bucket/x?a=1&a=2",
        "s3://bucket/x?a-b=1&a_b=2",
        "s3://bucket/x?=1",
        "s3://bucket/x?A=1",
        "s3://bucket/x?a=1&",
      })
  void whatIsNoneIsRefusedInOneLine(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ObjectUri.parse(text));
    assertFalse(String.valueOf(e.getMessage()).contains("secret"));
    assertTrue(String.valueOf(e.getMessage()).chars().noneMatch(Character::isISOControl));
  }

  @Test
  void longOnesAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> ObjectUri.parse("s3://bucket/" + "n/".repeat(600)));
    assertThrows(
        IllegalArgumentException.class, () -> ObjectUri.parse("s3://bucket/" + "n".repeat(256)));
    assertThrows(
        IllegalArgumentException.class, () -> ObjectUri.parse("s3://bucket/" + "é".repeat(5000)));
  }

  @Property
  void anythingElseIsAMessageToo(@ForAll String text) {
    try {
      assertEquals(text.startsWith("s3") ? "s3" : "oss", ObjectUri.parse(text).scheme());
    } catch (IllegalArgumentException e) {
      assertTrue(String.valueOf(e.getMessage()).length() < 5000);
    }
  }

  @Test
  void settingsHaveTheDefaultsOfTheSpecification() {
    StoreSettings settings = StoreSettings.defaults();
    assertEquals(64, settings.maxConnections());
    assertEquals(Duration.ofSeconds(10), settings.requestTimeout());
    assertEquals(Duration.ofSeconds(3), settings.connectTimeout());
    assertEquals(Duration.ofSeconds(10), settings.stallTimeout());
    assertEquals(Duration.ofSeconds(60), settings.operationDeadline());
    assertEquals(new CredentialChoice.Auto(), settings.credentials());
    assertFalse(settings.pathStyle());
    assertFalse(settings.signatureV1());
  }

  @Test
  void credentialsAreChosenByName() {
    assertEquals(
        new CredentialChoice.File(Path.of("/run/c:d")), CredentialChoice.parse("file:/run/c:d"));
    assertEquals(
        new CredentialChoice.RamRole(Optional.of("reader")),
        CredentialChoice.parse("ram-role:reader"));
    assertEquals(
        new CredentialChoice.RamRole(Optional.empty()), CredentialChoice.parse("ram-role"));
    assertEquals(
        new CredentialChoice.Anonymous(),
        StoreSettings.parse(Map.of("anonymous", "true")).credentials());
  }

  @Test
  void anEndpointIsSchemeHostAndPort() {
    assertEquals(
        Optional.of(URI.create("http://[::1]:9000")),
        StoreSettings.parse(Map.of("endpoint", "http://[::1]:9000/")).endpoint());
    assertEquals(
        Optional.of(URI.create("https://oss-cn-hangzhou.aliyuncs.com")),
        StoreSettings.parse(Map.of("endpoint", "oss-cn-hangzhou.aliyuncs.com")).endpoint());
  }

  @ParameterizedTest
  @CsvSource({
    "endpoint,ftp://host",
    "endpoint,https://user:secret@host",
    "endpoint,https://host/path",
    "endpoint,https://host?x",
    "endpoint,https://host:99999",
    "endpoint,https://",
    "region,Cn-Hangzhou",
    "region,a/b",
    "path-style,maybe",
    "signature,v2",
    "max-connections,0",
    "max-connections,1",
    "max-connections,1025",
    "max-connections,9999999999",
    "request-timeout,0s",
    "request-timeout,2h",
    "request-timeout,61m",
    "stall-timeout,-1s",
    "credentials,none",
    "credentials,file:",
    "credentials,ram-role:../x",
    "credentials,env:x",
    "unknown,1"
  })
  void aWrongSettingIsRefused(String name, String value) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> StoreSettings.parse(Map.of(name, value)));
    assertFalse(String.valueOf(e.getMessage()).contains("secret"));
  }

  @Test
  void contradictionsAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> StoreSettings.parse(Map.of("anonymous", "true", "credentials", "env")));
    assertThrows(
        IllegalArgumentException.class,
        () -> StoreSettings.parse(Map.of("path-style", "true", "path_style", "false")));
  }
}
