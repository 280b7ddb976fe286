package io.unsealfs.storage.object.s3;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.object.FailedAnswerException;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.credentials.CredentialFetcher;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.http.HttpLimits;
import io.unsealfs.storage.object.http.HttpTransport;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.StsClientBuilder;
import software.amazon.awssdk.services.sts.model.Credentials;

/**
 * Credentials for a pod's identity on AWS: the token that the cluster puts into a file, exchanged
 * by STS, AssumeRoleWithWebIdentity. The file is read each time: the cluster replaces it.
 */
public final class WebIdentity implements CredentialFetcher {
  private static final int TOKEN_BYTES_MAX = 20_000;
  private static final String FILE = "AWS_WEB_IDENTITY_TOKEN_FILE";
  private static final String ROLE = "AWS_ROLE_ARN";
  private static final String SESSION = "AWS_ROLE_SESSION_NAME";

  private final Map<String, String> environment;
  private final HttpTransport transport;
  private final StsClient client;

  /** As the environment says; a region where it names one (AWS_REGION) or the settings do. */
  public WebIdentity(Map<String, String> environment, StoreSettings settings) {
    this(environment, settings, Optional.empty());
  }

  WebIdentity(Map<String, String> environment, StoreSettings settings, Optional<URI> endpoint) {
    this.environment = environment;
    this.transport =
        new HttpTransport(
            new HttpLimits(
                2, Duration.ofSeconds(3), Duration.ofSeconds(10), Duration.ofSeconds(10)));
    String region =
        settings
            .region()
            .orElse(Optional.ofNullable(environment.get("AWS_REGION")).orElse("us-east-1"));
    StsClientBuilder builder =
        StsClient.builder()
            .httpClient(new S3Transport(transport))
            .region(Region.of(region))
            .credentialsProvider(AnonymousCredentialsProvider.create())
            .overrideConfiguration(override ->
                override
                    .retryStrategy(AwsRetryStrategy.doNotRetry())
                    .defaultProfileFile(ProfileFile.aggregator().build()));
    endpoint.ifPresent(builder::endpointOverride);
    this.client = builder.build();
  }

  @Override
  public StoreCredentials fetch() throws IOException {
    String what = "credentials for the pod's identity";
    String role = environment.getOrDefault(ROLE, "");
    if (role.isEmpty() || !environment.containsKey(FILE)) {
      throw new StoreDeniedException(what + ": " + ROLE + " and " + FILE + " have to be set");
    }
    String token = token(what);
    try {
      Credentials got =
          S3Errors.translate(() ->
              client
                  .assumeRoleWithWebIdentity(request ->
                      request
                          .roleArn(role)
                          .roleSessionName(environment.getOrDefault(SESSION, "unsealfs"))
                          .webIdentityToken(token))
                  .credentials());
      return StoreCredentials.of(
          got.accessKeyId(),
          got.secretAccessKey(),
          Optional.of(got.sessionToken()),
          Optional.of(got.expiration()));
    } catch (FailedAnswerException e) {
      if (e.isTransient()) {
        throw new StoreUnavailableException(what + ": " + e.getMessage(), e);
      }
      throw new StoreDeniedException(what + ": " + e.getMessage() + "; check role and token", e);
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new StoreProtocolException(what + ": the answer holds none");
    }
  }

  private String token(String what) throws IOException {
    Path file = Path.of(environment.getOrDefault(FILE, ""));
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(TOKEN_BYTES_MAX + 1);
    } catch (IOException e) {
      throw new StoreDeniedException(
          what + ": the token file " + Name.of(file.toString()) + " cannot be read", e);
    }
    if (bytes.length > TOKEN_BYTES_MAX) {
      throw new StoreDeniedException(what + ": the token file is too large to be one");
    }
    return new String(bytes, StandardCharsets.US_ASCII).strip();
  }

  @Override
  public void close() {
    client.close();
    transport.close();
  }
}
