package io.unsealfs.storage.object.oss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.sdk.service.oss2.credentials.Credentials;
import com.aliyun.sdk.service.oss2.signer.SignerV4;
import com.aliyun.sdk.service.oss2.signer.SigningContext;
import com.aliyun.sdk.service.oss2.transport.RequestMessage;
import io.unsealfs.storage.object.server.OssSignature;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The vectors of object-storage.md section 3.1: by our own code, and by the SDK's signer. */
class OssSignatureTest {
  private static final Map<String, String> QUERY =
      Map.of(
          "param1", "value1", "+param1", "value3", "|param1", "value4", "+param2", "", "|param2",
          "", "param2", "");

  @Test
  void aPutWithParametersOfManyKinds() {
    Map<String, String> headers =
        new TreeMap<>(Map.of("x-oss-head1", "value", "content-type", "text/plain"));
    String expected = "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe";
    assertEquals(
        expected,
        ours("PUT", "bucket", "1234+-/123/1.txt", QUERY, headers, "20231216T162057Z").signature());
    assertTrue(
        theirs(
                "PUT",
                "bucket",
                "1234+-/123/1.txt",
                "1234%2B-/123/1.txt?%2Bparam1=value3&%2Bparam2&%7Cparam1=value4&%7Cparam2"
                    + "&param1=value1&param2",
                headers,
                new Credentials("ak", "sk"),
                1702743657)
            .endsWith("Signature=" + expected));
  }

  @Test
  void aGetWithATokenAndUnsignedRangeAndCondition() {
    Map<String, String> headers = new TreeMap<>();
    headers.put("x-oss-range-behavior", "standard");
    headers.put("range", "bytes=0-9");
    headers.put("if-match", "\"e\"");
    String signature = "a7059725c5ec3533530657105eb8755567a2f7afe3e7104efeb10bf7d98862a3";
    Map<String, String> signed = new TreeMap<>(headers);
    signed.put("x-oss-security-token", "tok");
    OssSignature ours = ours("GET", "models", "sub/a b.bin", Map.of(), signed, "20250102T030405Z");
    assertEquals(
        "f3b152333ed10f5c8ffdb87551ead42092ed7b937f8da7401618ff5cdcbaab38", ours.canonicalHash());
    assertEquals(signature, ours.signature());
    assertTrue(
        theirs(
                "GET",
                "models",
                "sub/a b.bin",
                "sub/a%20b.bin",
                headers,
                new Credentials("ak", "sk", "tok"),
                1735787045)
            .endsWith("Signature=" + signature));
  }

  private static OssSignature ours(
      String method,
      String bucket,
      String key,
      Map<String, String> query,
      Map<String, String> headers,
      String date) {
    Map<String, String> all = new TreeMap<>(headers);
    all.put("x-oss-date", date);
    all.put("x-oss-content-sha256", "UNSIGNED-PAYLOAD");
    return OssSignature.of(method, bucket, key, query, all, "sk", "cn-hangzhou");
  }

  private static String theirs(
      String method,
      String bucket,
      String key,
      String target,
      Map<String, String> headers,
      Credentials credentials,
      long time) {
    SigningContext context = new SigningContext();
    context.setProduct("oss");
    context.setRegion("cn-hangzhou");
    context.setBucket(bucket);
    context.setKey(key);
    context.setCredentials(credentials);
    context.setRequest(
        RequestMessage.newBuilder()
            .method(method)
            .uri(URI.create("http://" + bucket + ".oss-cn-hangzhou.aliyuncs.com/" + target))
            .headers(new TreeMap<>(headers))
            .build());
    new ClockedSigner(
            new SignerV4(),
            java.time.Clock.fixed(Instant.ofEpochSecond(time), java.time.ZoneOffset.UTC))
        .sign(context);
    return String.valueOf(context.getRequest().headers().get("Authorization"));
  }
}
