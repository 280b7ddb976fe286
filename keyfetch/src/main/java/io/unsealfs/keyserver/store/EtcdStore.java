package io.unsealfs.keyserver.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * A store in etcd. Reads are linearizable, changes are transactions that compare the modification
 * revision, slots are leases.
 *
 * <p>Nothing is watched or cached: every read asks the cluster, so that a secret that one command
 * disables is refused by every server at once, and a server that lost its connection has no old
 * view to act on. An entry of a lease would go away with it; entries that count have none.
 */
public final class EtcdStore implements SharedStore {
  private static final int PAGE_ENTRIES = 8;
  private static final int MAX_MESSAGE_BYTES = (PAGE_ENTRIES + 1) * MAX_VALUE_BYTES;
  private static final String SLOTS = "slots/";

  private final Client client;
  private final KV kv;
  private final String prefix;
  private final String place;
  private final EtcdCalls calls;

  private EtcdStore(Client client, EtcdOptions options) {
    this.client = client;
    this.kv = client.getKVClient();
    this.prefix = options.prefix();
    this.place =
        String.join(",", options.endpoints().stream().map(URI::toString).toList())
            + "/"
            + options.prefix();
    this.calls = new EtcdCalls(place, options.timeout(), System::nanoTime);
  }

  /**
   * A store that connects when it is first asked, and again whenever the connection is lost.
   *
   * @throws StoreException if the TLS files are not what they should be
   */
  public static EtcdStore open(EtcdOptions options) throws StoreException {
    ClientBuilder builder =
        Client.builder()
            .endpoints(options.endpoints())
            .loadBalancerPolicy("round_robin")
            // fail and let the client of the key server try again, instead of piling calls up
            .waitForReady(false)
            // one more than the first, for reads and where etcd wants another token than it gave
            .retryMaxAttempts(1)
            .retryDelay(50)
            .retryMaxDelay(100)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .keepaliveTime(Duration.ofSeconds(30))
            .keepaliveTimeout(Duration.ofSeconds(10));
    if (options.tls().isPresent()) {
      builder.sslContext(context(options.tls().get()));
    }
    if (options.user().isPresent()) {
      EtcdOptions.User user = options.user().get();
      builder.user(bytes(user.name())).password(ByteSequence.from(user.password()));
    }
    return new EtcdStore(builder.build(), options);
  }

  private static SslContext context(EtcdOptions.Tls tls) throws StoreException {
    try {
      SslContextBuilder builder =
          GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
              .protocols("TLSv1.3", "TLSv1.2")
              .trustManager(new ByteArrayInputStream(tls.authorities()));
      if (tls.client().isPresent()) {
        EtcdOptions.ClientCertificate shown = tls.client().get();
        builder.keyManager(
            new ByteArrayInputStream(shown.chain()), new ByteArrayInputStream(shown.keyToWipe()));
        Arrays.fill(shown.keyToWipe(), (byte) 0);
      }
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new StoreException(
          "TLS to etcd: ca, certificate or key is no PEM of certificates or of a PKCS#8 key", e);
    }
  }

  @Override
  public Optional<StoreEntry> get(String key) throws StoreException {
    GetResponse response = calls.await(() -> kv.get(key(key)), "read");
    return response.getKvs().stream().findFirst().map(this::entry);
  }

  @Override
  public List<StoreEntry> list(String keyPrefix) throws StoreException {
    List<StoreEntry> entries = new ArrayList<>();
    ByteSequence from = bytes(prefix + keyPrefix);
    ByteSequence end = ByteSequence.from(after(bytes(prefix + keyPrefix).getBytes()));
    long revision = 0;
    while (true) {
      GetOption page =
          GetOption.builder().withRange(end).withLimit(PAGE_ENTRIES).withRevision(revision).build();
      ByteSequence start = from;
      GetResponse response = calls.await(() -> kv.get(start, page), "listed");
      response.getKvs().forEach(one -> entries.add(entry(one)));
      if (entries.size() > MAX_ENTRIES) {
        throw new StoreException(
            "store %s: has more than %d entries".formatted(place, MAX_ENTRIES));
      }
      if (!response.isMore() || response.getKvs().isEmpty()) {
        return entries;
      }
      // all pages at the revision of the first, so that together they are one moment
      revision = response.getHeader().getRevision();
      byte[] last = response.getKvs().getLast().getKey().getBytes();
      from = ByteSequence.from(Arrays.copyOf(last, last.length + 1));
    }
  }

  /** The first key behind all that begin with {@code start}, which is ASCII. */
  private static byte[] after(byte[] start) {
    byte[] end = start.clone();
    end[end.length - 1]++;
    return end;
  }

  @Override
  public boolean put(String key, byte[] value, long expectedRevision) throws StoreException {
    if (value.length > MAX_VALUE_BYTES) {
      throw new StoreException(
          "%s: %d bytes are more than the %d that a store takes"
              .formatted(key, value.length, MAX_VALUE_BYTES));
    }
    Op put = Op.put(key(key), ByteSequence.from(value), PutOption.DEFAULT);
    return ifAt(key, expectedRevision, put);
  }

  @Override
  public boolean delete(String key, long expectedRevision) throws StoreException {
    return ifAt(key, expectedRevision, Op.delete(key(key), DeleteOption.DEFAULT));
  }

  private boolean ifAt(String key, long expectedRevision, Op change) throws StoreException {
    // etcd gives what is not there the revision 0, which is ABSENT
    Cmp isAt = new Cmp(key(key), Cmp.Op.EQUAL, CmpTarget.modRevision(expectedRevision));
    return calls.await(() -> kv.txn().If(isAt).Then(change).commit(), "written").isSucceeded();
  }

  @Override
  public long openSlot(Duration life) throws StoreException {
    long seconds = life.plusMillis(999).toSeconds();
    long lease = calls.await(() -> client.getLeaseClient().grant(seconds), "written").getID();
    Op put = Op.put(key(slot(lease)), bytes(""), PutOption.builder().withLeaseId(lease).build());
    calls.await(() -> kv.txn().Then(put).commit(), "written");
    return lease;
  }

  @Override
  public Mark mark(long slot, String mark) throws StoreException {
    ByteSequence slotKey = key(slot(slot));
    ByteSequence markKey = key(slot(slot) + "/" + mark);
    Cmp slotLives = new Cmp(slotKey, Cmp.Op.GREATER, CmpTarget.createRevision(0));
    Cmp isFree = new Cmp(markKey, Cmp.Op.EQUAL, CmpTarget.createRevision(0));
    Op put = Op.put(markKey, bytes(""), PutOption.builder().withLeaseId(slot).build());
    TxnResponse response =
        calls.await(
            () ->
                kv.txn()
                    .If(slotLives, isFree)
                    .Then(put)
                    .Else(Op.get(slotKey, GetOption.builder().withCountOnly(true).build()))
                    .commit(),
            "written");
    if (response.isSucceeded()) {
      return Mark.SET;
    }
    return response.getGetResponses().getFirst().getCount() > 0 ? Mark.TAKEN : Mark.SLOT_ENDED;
  }

  private static String slot(long lease) {
    return SLOTS + Long.toHexString(lease).toLowerCase(Locale.ROOT);
  }

  private StoreEntry entry(KeyValue found) {
    return new StoreEntry(
        found.getKey().toString(UTF_8).substring(prefix.length()),
        found.getValue().getBytes(),
        found.getModRevision());
  }

  private ByteSequence key(String key) throws StoreException {
    ByteSequence bytes = bytes(prefix + key);
    if (key.isEmpty() || bytes.size() > prefix.length() + MAX_KEY_BYTES) {
      throw new StoreException("a key of the store must have 1 to " + MAX_KEY_BYTES + " bytes");
    }
    return bytes;
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, UTF_8);
  }

  @Override
  public String place() {
    return place;
  }

  @Override
  public void close() {
    client.close();
  }
}
