package io.unsealfs.daemon;

import io.unsealfs.attest.Attester;
import io.unsealfs.attest.NoneAttester;
import io.unsealfs.attest.sample.SampleAttester;
import io.unsealfs.attest.snp.SnpAttester;
import io.unsealfs.attest.tdx.TdxAttester;
import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadAhead;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.daemon.log.LogFormat;
import io.unsealfs.daemon.log.Logs;
import io.unsealfs.daemon.status.KeyFigures;
import io.unsealfs.key.ClientCredentials;
import io.unsealfs.key.KeyFetch;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.cdh.CdhKeyProvider;
import io.unsealfs.key.cdh.CdhTimeouts;
import io.unsealfs.key.cdh.HubAddress;
import io.unsealfs.key.file.ConsolePrompt;
import io.unsealfs.key.file.CredentialKeyProvider;
import io.unsealfs.key.file.FdKeyProvider;
import io.unsealfs.key.file.FileKeyProvider;
import io.unsealfs.key.file.PromptKeyProvider;
import io.unsealfs.key.grpc.GrpcKeyProvider;
import io.unsealfs.key.grpc.GrpcTimeouts;
import io.unsealfs.keyserver.KekFetcher;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.jnr.JnrFuseHost;
import io.unsealfs.mount.kernel.KernelFuseHost;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.chunk.ChunkSettings;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.object.CredentialChoice;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.FileCredentials;
import io.unsealfs.storage.object.credentials.GivenCredentials;
import io.unsealfs.volume.ImageFormat;
import io.unsealfs.volume.VolumeFormat;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import io.unsealfs.volume.luks.LuksFormat;
import io.unsealfs.volume.luks.LuksOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The explicit catalogue: every format, provider, attester and transport there is. */
final class Wiring {
  /** Plaintext bytes that are read, decrypted and cached as one. */
  private static final int EXTENT_SIZE = 128 << 10;

  private final CallerChannel caller;
  private final KeyFigures keyFigures = new KeyFigures();
  private final SecretMemory secretMemory = new LockedSecrets();
  private final List<VolumeFormat> formats = List.of(new GocryptfsFormat());

  /** In the order that {@code transport=auto} tries them. */
  private final List<FuseHost> fuseHosts = List.of(new KernelFuseHost(), new JnrFuseHost());

  private final List<Attester> attesters =
      List.of(
          // asks for its own device, which tells it from a TD; the kernel interface is the same
          new SnpAttester(false), new TdxAttester(false), new SampleAttester(), new NoneAttester());

  /** Store credentials that came with the key. */
  private final GivenCredentials given = new GivenCredentials();

  private Logs logs = Logs.toStandardError(LogFormat.TEXT, false, true);

  Wiring(CallerChannel caller) {
    this.caller = caller;
  }

  CallerChannel caller() {
    return caller;
  }

  Logs logs() {
    return logs;
  }

  void useLogs(Logs configured) {
    logs = configured;
  }

  /** Memory that is locked, left out of dumps and wiped. */
  SecretMemory secretMemory() {
    return secretMemory;
  }

  /** Formats that are kept in a directory. */
  List<VolumeFormat> formats() {
    return formats;
  }

  /** Formats that are kept in a file. */
  List<ImageFormat> imageFormats(LuksOptions luks) {
    return List.of(new LuksFormat(luks));
  }

  /** Whether there is a format of that name. */
  boolean knowsFormat(String name) {
    return formats.stream().anyMatch(format -> format.name().equals(name))
        || imageFormats(LuksOptions.defaults()).stream()
            .anyMatch(format -> format.name().equals(name));
  }

  /** All transports, in the order that {@code transport=auto} tries them. */
  List<FuseHost> fuseHosts() {
    return fuseHosts;
  }

  /** The transport of {@code transport=}. */
  FuseHost fuseHost(String name) throws UsageException {
    if (name.equals("auto")) {
      return new AutoFuseHost(fuseHosts);
    }
    for (FuseHost host : fuseHosts) {
      if (host.name().equals(name)) {
        return host;
      }
    }
    throw new UsageException("--transport " + name + ": this version has auto, kernel and jnr");
  }

  /**
   * The attester of {@code attest}, which only prints: evidence of a guest under debugging may be
   * looked at, but no key is ever fetched with it.
   */
  Attester printingAttester(String name) throws UsageException {
    Attester attester = attester(name);
    return switch (attester) {
      case TdxAttester _ -> new TdxAttester(true);
      case SnpAttester _ -> new SnpAttester(true);
      default -> attester;
    };
  }

  /**
   * The attester of {@code --attester}. {@code auto} never chooses the sample one: it takes what
   * the host has, or none.
   */
  Attester attester(String name) throws UsageException {
    for (Attester attester : attesters) {
      boolean chosen =
          name.equals("auto")
              ? !attester.name().equals("sample") && attester.isAvailable()
              : attester.name().equals(name);
      if (chosen) {
        return attester;
      }
    }
    throw new UsageException(
        "--attester " + name + ": this version has auto, tdx, snp, sample and none");
  }

  /** Fetches of keys and makings of evidence so far. */
  KeyFigures keyFigures() {
    return keyFigures;
  }

  /** Takes what came with a key for the store that the volume lies in. */
  void takeStoreCredentials(SecretTerms terms) throws IOException {
    if (terms.storeCredentials().isPresent()) {
      byte[] content = terms.storeCredentials().get().content();
      try {
        given.give(FileCredentials.parse("what the key service sent for the store", content));
      } finally {
        Arrays.fill(content, (byte) 0);
      }
    }
  }

  /**
   * Whether a bucket can be asked only when the key is there, since what opens it comes with that.
   */
  boolean comesWithKey(SourceOptions source) throws IOException {
    return source.isInBucket()
        && StoreOpening.settings(uri(source), source.object.storeSettings()).credentials()
            instanceof CredentialChoice.Given;
  }

  private static ObjectUri uri(SourceOptions source) throws UsageException {
    return uri(source.source);
  }

  private static ObjectUri uri(String text) throws UsageException {
    try {
      return ObjectUri.parse(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * The bucket of a source.
   *
   * @throws UsageException if its words make no sense
   * @throws java.nio.file.NoSuchFileException if nothing is there
   */
  Place bucket(SourceOptions source) throws IOException {
    ObjectUri uri = uri(source);
    StoreSettings settings = StoreOpening.settings(uri, source.object.storeSettings());
    ChunkSettings chunks =
        source.object.chunks(settings, CacheSize.ofThisProcess(), source.prefetch);
    CredentialFigures credentials = new CredentialFigures();
    Optional<GivenManifest> manifest = manifest(source.object, chunks.retries());
    ObjectStore store = new StoreOpening(System.getenv(), given).open(uri, settings, credentials);
    return manifest.isPresent()
        ? BucketPlace.open(uri, store, source.object, chunks, credentials, manifest.get())
        : BucketPlace.open(uri, store, source.object, chunks, credentials);
  }

  private Optional<GivenManifest> manifest(ObjectOptions options, RetryPolicy retries)
      throws IOException {
    String name = options.manifest;
    if (name == null) {
      if (options.manifestDigest != null) {
        throw new UsageException("--manifest-digest: --manifest names what has that digest");
      }
      return Optional.empty();
    }
    ManifestOrigin origin =
        ObjectUri.isOne(name)
            ? storedManifest(uri(name), options, retries)
            : new ManifestOrigin.LocalFile(Path.of(name));
    @Nullable String digest = options.manifestDigest;
    return Optional.of(
        GivenManifest.read(
            origin, digest == null ? Optional.empty() : Optional.of(Pin.digest(digest))));
  }

  private ManifestOrigin storedManifest(ObjectUri uri, ObjectOptions options, RetryPolicy retries)
      throws UsageException {
    if (uri.path().isEmpty()) {
      throw new UsageException("--manifest " + uri + ": names a bucket and no object in it");
    }
    StoreSettings settings = StoreOpening.settings(uri, options.storeSettings());
    return new StoredManifest(
        uri,
        () -> new StoreOpening(System.getenv(), given).open(uri, settings, new CredentialFigures()),
        retries);
  }

  /** Fetches keys as the options say. */
  KeyFetch keyFetch(KeyOptions options) throws IOException {
    return keyFetch(options, GrpcTimeouts.DEFAULT);
  }

  /** The same for who asks again by himself: each server is asked once. */
  KeyFetch renewingKeyFetch(KeyOptions options) throws IOException {
    GrpcTimeouts usual = GrpcTimeouts.DEFAULT;
    return keyFetch(
        options,
        new GrpcTimeouts(
            usual.call(), usual.overall(), usual.firstPause(), usual.longestPause(), 1));
  }

  private KeyFetch keyFetch(KeyOptions options, GrpcTimeouts timeouts) throws IOException {
    return new KeyFetch(
        keyProviders(options.credentials(), timeouts, options.dataHub()),
        secretMemory,
        keyFigures.counting(attester(options.attester)),
        options.trust());
  }

  /** Fetches a key server's own keys. */
  KekFetcher kekFetcher() {
    return source ->
        new KeyFetch(
                keyProviders(
                    ClientCredentials.NONE,
                    GrpcTimeouts.DEFAULT,
                    HubAddress.parse(HubAddress.DEFAULT)),
                secretMemory,
                attester(source.attester()),
                source.trust())
            .fetch(source.key());
  }

  private List<KeyProvider> keyProviders(
      ClientCredentials shown, GrpcTimeouts timeouts, HubAddress hub) {
    String credentials = System.getenv("CREDENTIALS_DIRECTORY");
    List<KeyProvider> local =
        List.of(
            new FileKeyProvider(secretMemory),
            new FdKeyProvider(secretMemory, InheritedChannel::open),
            new CredentialKeyProvider(
                secretMemory, Optional.ofNullable(credentials).map(Path::of)));
    List<KeyProvider> providers = new ArrayList<>(local);
    providers.add(new PromptKeyProvider(secretMemory, new ConsolePrompt()));
    providers.add(new GrpcKeyProvider(secretMemory, timeouts, shown, local));
    providers.add(new CdhKeyProvider(secretMemory, hub, CdhTimeouts.DEFAULT));
    providers.replaceAll(keyFigures::counting);
    return providers;
  }

  /** A cache of decrypted extents, with the read path asked for. */
  BlockCache blockCache(ReadingOptions reading) throws UsageException {
    int window = reading.prefetchBytes();
    ReadPolicy policy =
        new ReadPolicy(
            new ReadAhead.Policy(readAheadThreads(), Math.max(1, window)),
            reading.dropBehind,
            ReadPolicy.helpersFor(Runtime.getRuntime().availableProcessors()));
    return new BlockCache(
        CacheSize.ofThisProcess().bytes(reading.cache),
        EXTENT_SIZE,
        window == 0 ? policy.withoutReadAhead() : policy);
  }

  private static Executor readAheadThreads() {
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(64),
            Thread.ofPlatform().daemon().name("unsealfs-read-ahead-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /** Gives the key side the locked memory of the system calls' package. */
  private static final class LockedSecrets implements SecretMemory {
    @Override
    public Region copyOf(byte[] bytes) {
      LockedMemory memory = LockedMemory.copyOf(bytes);
      return new Region() {
        @Override
        public int size() {
          return memory.size();
        }

        @Override
        public <T> T use(Function<byte[], T> use) {
          return memory.use(use);
        }

        @Override
        public void close() {
          memory.close();
        }
      };
    }
  }
}
