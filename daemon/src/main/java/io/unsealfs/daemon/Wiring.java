package io.unsealfs.daemon;

import io.unsealfs.attest.Attester;
import io.unsealfs.attest.NoneAttester;
import io.unsealfs.attest.sample.SampleAttester;
import io.unsealfs.attest.tdx.TdxAttester;
import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadAhead;
import io.unsealfs.daemon.log.LogFormat;
import io.unsealfs.daemon.log.Logs;
import io.unsealfs.key.KeyFetch;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.file.ConsolePrompt;
import io.unsealfs.key.file.CredentialKeyProvider;
import io.unsealfs.key.file.FdKeyProvider;
import io.unsealfs.key.file.FileKeyProvider;
import io.unsealfs.key.file.PromptKeyProvider;
import io.unsealfs.key.grpc.GrpcKeyProvider;
import io.unsealfs.key.grpc.GrpcTimeouts;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.jnr.JnrFuseHost;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.volume.VolumeFormat;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import java.nio.file.Path;
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

  /** How far a sequential reader is read ahead. */
  private static final int READ_AHEAD_WINDOW = 2 << 20;

  private static final long CACHE_MOST = 256L << 20;

  private final CallerChannel caller;
  private final SecretMemory secretMemory = new LockedSecrets();
  private final List<VolumeFormat> formats = List.of(new GocryptfsFormat());
  private final List<FuseHost> fuseHosts = List.of(new JnrFuseHost());
  private final List<Attester> attesters =
      List.of(new TdxAttester(false), new SampleAttester(), new NoneAttester());
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

  List<VolumeFormat> formats() {
    return formats;
  }

  /** The transport of {@code transport=}. */
  FuseHost fuseHost(String name) throws UsageException {
    for (FuseHost host : fuseHosts) {
      if (name.equals("auto") || host.name().equals(name)) {
        return host;
      }
    }
    throw new UsageException("--transport " + name + ": this version has auto and jnr");
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
        "--attester " + name + ": this version has auto, tdx, sample and none");
  }

  /** Fetches keys as the options say. */
  KeyFetch keyFetch(KeyOptions options) throws UsageException {
    String credentials = System.getenv("CREDENTIALS_DIRECTORY");
    List<KeyProvider> providers =
        List.of(
            new FileKeyProvider(secretMemory),
            new FdKeyProvider(secretMemory),
            new PromptKeyProvider(secretMemory, new ConsolePrompt()),
            new CredentialKeyProvider(secretMemory, Optional.ofNullable(credentials).map(Path::of)),
            new GrpcKeyProvider(secretMemory, GrpcTimeouts.DEFAULT));
    return new KeyFetch(providers, secretMemory, attester(options.attester), options.trust());
  }

  /** A cache of decrypted extents with read-ahead; {@code size} null: a share of the heap. */
  BlockCache blockCache(@Nullable ByteSize size) {
    long capacity =
        size == null ? Math.min(CACHE_MOST, Runtime.getRuntime().maxMemory() / 4) : size.bytes();
    return new BlockCache(
        capacity, EXTENT_SIZE, new ReadAhead.Policy(readAheadThreads(), READ_AHEAD_WINDOW));
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
