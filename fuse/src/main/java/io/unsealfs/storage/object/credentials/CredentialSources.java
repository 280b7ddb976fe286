package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.CredentialChoice;
import io.unsealfs.storage.object.StoreDeniedException;
import java.io.IOException;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The source of credentials that a setting chooses; object-storage.md section 3.2. Where none is
 * chosen, the first that is there of environment, pod identity and machine role. Those that come
 * with the key are taken only where they are chosen: otherwise the bucket is asked before the key.
 *
 * @param environment of the process
 * @param region of the store, where known
 * @param given those that came with the key
 * @param webIdentity of S3: the exchange needs that store's SDK
 */
public record CredentialSources(
    Map<String, String> environment,
    Optional<String> region,
    GivenCredentials given,
    Supplier<CredentialFetcher> webIdentity) {

  private static final String WEB_IDENTITY = "AWS_WEB_IDENTITY_TOKEN_FILE";

  /**
   * The source for an {@code s3://} store.
   *
   * @throws IllegalArgumentException if the choice is one of OSS
   */
  public CredentialFetcher s3(CredentialChoice choice) {
    return switch (choice) {
      case CredentialChoice.Auto auto -> automaticS3();
      case CredentialChoice.Anonymous anonymous -> StoreCredentials::anonymous;
      case CredentialChoice.Given fromKey -> given;
      case CredentialChoice.Environment variables -> EnvironmentCredentials.s3(environment);
      case CredentialChoice.File file -> new FileCredentials(file.path());
      case CredentialChoice.Oidc oidc -> webIdentity.get();
      case CredentialChoice.Imds imds -> MachineRole.ec2();
      case CredentialChoice.RamRole ram ->
          throw new IllegalArgumentException("credentials=ram-role is for oss:// sources only");
    };
  }

  /**
   * The source for an {@code oss://} store.
   *
   * @throws IllegalArgumentException if the choice is one of S3
   */
  public CredentialFetcher oss(CredentialChoice choice) {
    return switch (choice) {
      case CredentialChoice.Auto auto -> automaticOss();
      case CredentialChoice.Anonymous anonymous -> StoreCredentials::anonymous;
      case CredentialChoice.Given fromKey -> given;
      case CredentialChoice.Environment variables -> EnvironmentCredentials.oss(environment);
      case CredentialChoice.File file -> new FileCredentials(file.path());
      case CredentialChoice.Oidc oidc -> new OidcExchange(environment, region, Clock.systemUTC());
      case CredentialChoice.RamRole ram -> MachineRole.ecs(ram.role());
      case CredentialChoice.Imds imds ->
          throw new IllegalArgumentException("credentials=imds is for s3:// sources only");
    };
  }

  /** Whether {@code choice} means the role of an EC2 instance, as far as can be told now. */
  public boolean asksEc2(CredentialChoice choice) {
    return switch (choice) {
      case CredentialChoice.Imds imds -> true;
      case CredentialChoice.Auto auto ->
          !EnvironmentCredentials.s3(environment).present()
              && !environment.containsKey(WEB_IDENTITY);
      default -> false;
    };
  }

  private CredentialFetcher automaticS3() {
    EnvironmentCredentials variables = EnvironmentCredentials.s3(environment);
    if (variables.present()) {
      return variables;
    }
    return environment.containsKey(WEB_IDENTITY)
        ? webIdentity.get()
        : orNone(MachineRole.ec2(), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }

  private CredentialFetcher automaticOss() {
    EnvironmentCredentials variables = EnvironmentCredentials.oss(environment);
    if (variables.present()) {
      return variables;
    }
    return OidcExchange.present(environment)
        ? new OidcExchange(environment, region, Clock.systemUTC())
        : orNone(MachineRole.ecs(Optional.empty()), "OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET");
  }

  /** A machine without a role is no fault of the metadata host: say what would help. */
  private static CredentialFetcher orNone(CredentialFetcher machine, String variables) {
    return new CredentialFetcher() {
      private volatile boolean worked;

      @Override
      public StoreCredentials fetch() throws IOException {
        try {
          StoreCredentials fetched = machine.fetch();
          worked = true;
          return fetched;
        } catch (IOException e) {
          throw worked
              ? e
              : new StoreDeniedException(
                  "no store credentials: none are in the environment, and this machine has no role;"
                      + " set "
                      + variables
                      + ", credentials=static for those that come with the key, or"
                      + " credentials=anonymous for a public bucket",
                  e);
        }
      }

      @Override
      public void close() {
        machine.close();
      }
    };
  }
}
