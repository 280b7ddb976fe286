package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.object.StoreClock;
import io.unsealfs.storage.object.StoreDeniedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Credentials for a pod's identity on Alibaba Cloud (RRSA): the token that the cluster puts into a
 * file, exchanged by STS, AssumeRoleWithOIDC. The call is not signed, and the file is read each
 * time: the cluster replaces it.
 */
public final class OidcExchange implements CredentialFetcher {
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final int TOKEN_BYTES_MAX = 20_000;
  private static final String FILE = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";
  private static final String ROLE = "ALIBABA_CLOUD_ROLE_ARN";
  private static final String PROVIDER = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
  private static final String SESSION = "ALIBABA_CLOUD_ROLE_SESSION_NAME";

  private final Map<String, String> environment;
  private final URI sts;
  private final StoreClock clock;
  private final CredentialHttp http = new CredentialHttp(CONNECT, ANSWER);

  /**
   * As the environment says.
   *
   * @param region of the STS that is asked; empty for the central one
   */
  public OidcExchange(Map<String, String> environment, Optional<String> region, Clock clock) {
    this(
        environment,
        URI.create("https://sts." + region.map(r -> r + ".").orElse("") + "aliyuncs.com/"),
        clock);
  }

  OidcExchange(Map<String, String> environment, URI sts, Clock clock) {
    this.environment = environment;
    this.sts = sts;
    this.clock = new StoreClock(clock);
  }

  /** Whether the environment names all that is needed. */
  public static boolean present(Map<String, String> environment) {
    return List.of(FILE, ROLE, PROVIDER).stream().allMatch(environment::containsKey);
  }

  @Override
  public StoreCredentials fetch() throws IOException {
    String what = "credentials for the pod's identity from " + sts.getHost();
    if (!present(environment)) {
      throw new StoreDeniedException(
          what + ": " + ROLE + ", " + PROVIDER + " and " + FILE + " have to be set");
    }
    CredentialHttp.Answer answer = ask(what);
    if (answer.status() >= 400
        && clock.isFarFrom(answer.serverMillis())
        && clock.correct(answer.serverMillis())) {
      // a confidential VM may boot with a wrong clock
      answer = ask(what);
    }
    return CredentialParts.of(what, FlatJson.read(what, answer.success(what)), "Credentials.");
  }

  private CredentialHttp.Answer ask(String what) throws IOException {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("Action", "AssumeRoleWithOIDC");
    form.put("Format", "JSON");
    form.put("Version", "2015-04-01");
    form.put("Timestamp", clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
    form.put("SignatureNonce", UUID.randomUUID().toString());
    form.put("RoleArn", environment.getOrDefault(ROLE, ""));
    form.put("OIDCProviderArn", environment.getOrDefault(PROVIDER, ""));
    form.put("RoleSessionName", environment.getOrDefault(SESSION, "unsealfs"));
    form.put("OIDCToken", token(what));
    return http.ask(
        "POST",
        sts,
        Map.of("Content-Type", List.of("application/x-www-form-urlencoded")),
        encode(form));
  }

  private String token(String what) throws IOException {
    Path file = Path.of(environment.getOrDefault(FILE, ""));
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(TOKEN_BYTES_MAX + 1);
      if (bytes.length > TOKEN_BYTES_MAX) {
        throw new StoreDeniedException(what + ": the token file is too large to be one");
      }
      return new String(bytes, StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      throw e instanceof StoreDeniedException
          ? e
          : new StoreDeniedException(
              what + ": the token file " + Name.of(file.toString()) + " cannot be read", e);
    }
  }

  private static String encode(Map<String, String> form) {
    return form.entrySet().stream()
        .map(field ->
            field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }

  @Override
  public void close() {
    http.close();
  }
}
