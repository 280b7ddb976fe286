package io.unsealfs.mount.kernel;

import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.Guard;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.point.FsName;
import io.unsealfs.mount.point.HostRequirements;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.mount.point.MountRemoval;
import io.unsealfs.mount.point.ReadAheadSetting;
import io.unsealfs.mount.point.StaleMount;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.MountTable;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * FUSE's kernel protocol spoken directly over {@code /dev/fuse}: no libfuse, requests as large as
 * the kernel allows, threads and buffers of our own.
 *
 * <p>Ready means that the kernel's handshake is answered and that the mount table lists the mount;
 * this process never touches its own mount point. A mount by root has a small shell watch over it,
 * which unmounts if this process is killed; one through {@code fusermount3} is watched by that.
 */
public final class KernelFuseHost implements FuseHost {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private final ResidentStart.Making memory;
  private final boolean asksForPassthrough;
  private final boolean clonesDevice;

  /** The usual one. */
  public KernelFuseHost() {
    this(HiddenMemory::create, true, true);
  }

  /**
   * One with what a test changes.
   *
   * @param memory makes that of resident files
   * @param asksForPassthrough false for what older kernels do
   * @param clonesDevice false where the workers have to share one descriptor
   */
  KernelFuseHost(ResidentStart.Making memory, boolean asksForPassthrough, boolean clonesDevice) {
    this.memory = memory;
    this.asksForPassthrough = asksForPassthrough;
    this.clonesDevice = clonesDevice;
  }

  @Override
  public String name() {
    return "kernel";
  }

  @Override
  public Optional<String> unusable() {
    try {
      HostRequirements.forKernel(
          new MountOptions(name(), false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0));
      return Optional.empty();
    } catch (MountException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Optional<String> residentUnusable() {
    ResidentPlan least = new ResidentPlan(path -> false, ResidentPlan.LEAST_FILE_BYTES, true);
    try (ResidentStart start = ResidentStart.of(Optional.of(least), memory)) {
      if (!start.isWanted()) {
        return start.off();
      }
      FuseDevice device = FuseDevice.open();
      try (Closeable _ = device.connectNowhere()) {
        Wishes wishes = new Wishes(false, asksForPassthrough, false, false);
        start.agreed(shakeHands(device, RequestSize.allowed(), wishes), device);
        return start.off();
      } finally {
        device.close();
      }
    } catch (IOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Mount mount(FileTree tree, Path mountPoint, MountOptions options, FuseEvents events)
      throws MountException {
    FsName.check(options.fsName());
    HostRequirements.forKernel(options);
    List<MountTable.Entry> table = table();
    MountPoint point = MountPoint.of(mountPoint, table);
    if (point.mounted(table).isPresent()) {
      StaleMount.clear(point);
      table = table();
    }
    if (!point.isAutomount(table)) {
      point.requireEmptyDirectory();
    }
    Set<Integer> before = point.idsHere(table);
    RequestSize size = RequestSize.allowed();
    Connection connection = Connection.mount(point, options, size.bytes());
    boolean served = false;
    try (ResidentStart start = ResidentStart.of(options.resident(), memory)) {
      Mount mount = serve(tree, point, options, events, size, connection, start, before);
      served = true;
      return mount;
    } finally {
      if (!served) {
        MountRemoval.lazy(point);
        connection.device().close();
      }
    }
  }

  private Mount serve(
      FileTree tree,
      MountPoint point,
      MountOptions options,
      FuseEvents events,
      RequestSize size,
      Connection connection,
      ResidentStart start,
      Set<Integer> before)
      throws MountException {
    FuseDevice device = clonesDevice ? connection.device() : connection.device().unclonable();
    RootAcl acl = new RootAcl(options.allowUids());
    boolean wanted = start.isWanted();
    Wishes wishes =
        new Wishes(
            tree.opensShowNothingNew() && !wanted && !options.revocable(),
            wanted && asksForPassthrough,
            acl.isNeeded(),
            tree.lookupsAreCheap());
    Handshake agreed = shakeHands(device, size, wishes);
    start.agreed(agreed, device);
    start
        .off()
        .ifPresent(reason ->
            LOG.log(Level.INFO, "resident: off: {0}; files are read the ordinary way", reason));
    if (start.keepsAll()) {
      LOG.log(
          Level.INFO,
          "resident: this system refuses leases (sysctl fs.leases-enable), so nobody can tell"
              + " whether a file is mapped; each one stays until the mount ends");
    }
    boolean resident = start.isWanted();
    if (acl.isNeeded() && !agreed.acl()) {
      throw new MountException(
          "cannot mount on "
              + point
              + " with allow_uid of several users: this kernel's FUSE has no access control lists;"
              + " give one user, or allow_other");
    }
    MountTable.Entry entry =
        point
            .mounted(table())
            .filter(top -> !before.contains(top.id()))
            .orElseThrow(() ->
                new MountException(
                    "cannot mount on " + point + ": the mount table does not list it"));
    NodeAdapter nodes = new NodeAdapter(tree, options);
    Node root = root(nodes);
    // Whatever may fail has been done: the memory is taken from its keeper now, and from here on
    // the crew closes it, also where no thread of it can be started.
    UnseenOpens unseen = new UnseenOpens(nodes);
    Interrupts interrupts = new Interrupts();
    ResidentOpens opens = residentOpens(tree, options, device, nodes, interrupts, start);
    UnseenDirectories listed = new UnseenDirectories();
    Inodes inodes = inodes(root, unseen, listed, opens);
    FileRequests files = new FileRequests(nodes, inodes, agreed.unseenOpens(), unseen, opens);
    NeighbourPages neighbours = new NeighbourPages(files::plaintext, options);
    Dispatcher dispatcher =
        new Dispatcher(
            new Guard(events),
            new NodeRequests(nodes, inodes, acl),
            files,
            new DirectoryRequests(nodes, inodes, agreed.unseenOpendirs(), listed));
    LargeReplies large = new LargeReplies(size.bytes());
    Crew crew =
        new Crew(
            device,
            (all, own) ->
                new Worker(
                    all, own, dispatcher, inodes, neighbours, new KernelReply(size.bytes(), large)),
            options.workersAtMost(),
            options.patience(),
            options.remote(),
            interrupts,
            opens,
            nodes);
    int workers = options.workersAtFirst();
    crew.start(workers);
    events.agreed(
        "transport kernel: FUSE 7."
            + agreed.minor()
            + ", requests of up to "
            + (size.bytes() >> 10)
            + " KiB, "
            + workers
            + " workers, read-ahead "
            + ReadAheadSetting.asked(entry, options).text()
            + options
                .resident()
                .filter(plan -> resident)
                .map(plan -> ", resident up to " + (plan.budgetBytes() >> 20) + " MiB")
                .orElse(""));
    return new KernelServedMount(
        point,
        entry,
        crew,
        new Revocation(device, nodes.gate(), inodes, neighbours),
        new TreeChange(device, nodes, inodes),
        connection.isWatched(),
        start.off(),
        nodes::openFiles);
  }

  private static Handshake shakeHands(FuseDevice device, RequestSize size, Wishes wishes)
      throws MountException {
    KernelRequest request = new KernelRequest();
    try {
      request.receive(device);
      Handshake agreed = Handshake.of(request, wishes);
      KernelReply reply = new KernelReply(KernelRequest.BUFFER_SIZE);
      reply.send(device, request.unique(), agreed.answer(reply, size.pages()));
      return agreed;
    } catch (SystemCallException e) {
      throw new MountException("cannot mount: the FUSE handshake failed: " + e.getMessage(), e);
    }
  }

  private static @Nullable ResidentOpens residentOpens(
      FileTree tree,
      MountOptions options,
      FuseDevice device,
      NodeAdapter nodes,
      Interrupts interrupts,
      ResidentStart start) {
    HiddenMemory memory = start.take();
    return memory == null
        ? null
        : new ResidentOpens(
            device,
            nodes,
            tree,
            options.resident().orElseThrow(),
            memory,
            FileRequests.KEEP_CACHE,
            interrupts::contains);
  }

  private static Inodes inodes(
      Node root, UnseenOpens unseen, UnseenDirectories listed, @Nullable ResidentOpens resident) {
    return new Inodes(
        root,
        id -> {
          unseen.forget(id);
          listed.forget(id);
          if (resident != null) {
            resident.forget(id);
          }
        });
  }

  private static Node root(NodeAdapter nodes) throws MountException {
    try {
      return nodes.root();
    } catch (IOException e) {
      throw new MountException("cannot mount: the root directory: " + e.getMessage(), e);
    }
  }

  private static List<MountTable.Entry> table() throws MountException {
    try {
      return MountTable.read();
    } catch (IOException e) {
      throw new MountException("cannot mount: cannot read the mount table: " + e.getMessage(), e);
    }
  }
}
