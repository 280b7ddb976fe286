package io.unsealfs.mount;

import io.unsealfs.mount.resident.ResidentPlan;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a tree is shown.
 *
 * @param fsName source as shown in the mount table
 * @param allowOther whether users other than the mounting one may look in
 * @param allowUids only these users and root may look in; empty: no such limit. Enforced by the
 *     kernel (owner and mode of the root directory), since cached names never reach a callback
 * @param uid owner to show instead of the stored one
 * @param gid group to show instead of the stored one
 * @param umask permission bits to take away, as an octal mode; 0 for none
 * @param readAheadBytes how far the kernel is to read ahead of a sequential reader; 0 leaves its
 *     default. Only where this process may write the setting
 * @param resident which files are read from memory by the kernel alone, and how; empty for none.
 *     Only the kernel transport can
 * @param workers threads that answer requests, at most; 0 for what suits this machine
 * @param noExec whether the kernel is to refuse to execute files of the tree
 * @param revocable whether opens may have to be refused later, so that each one has to be seen
 * @param remote whether reads wait for a network rather than for a processor, so that many have to
 *     be under way at a time
 * @param validity for how long the kernel may go by what it was told
 */
public record MountOptions(
    String fsName,
    boolean allowOther,
    List<Integer> allowUids,
    OptionalInt uid,
    OptionalInt gid,
    int umask,
    int readAheadBytes,
    int workers,
    boolean noExec,
    Optional<ResidentPlan> resident,
    boolean revocable,
    boolean remote,
    Validity validity) {

  /**
   * What the kernel is asked to read ahead by default, bytes: two requests of 1 MiB, so that both
   * halves of the work overlap. More gained little, and a page fault far from the last one reads as
   * much in vain.
   */
  public static final int DEFAULT_READ_AHEAD_BYTES = 2 << 20;

  private static final int LEAST_WORKERS = 2;
  private static final int MOST_WORKERS = 32;
  private static final int MOST_REMOTE_WORKERS = 64;

  private static final Duration PATIENCE = Duration.ofMillis(50);

  /** Copies the list. */
  public MountOptions {
    allowUids = List.copyOf(allowUids);
    if (readAheadBytes < 0 || workers < 0) {
      throw new IllegalArgumentException("negative mount option");
    }
  }

  /** One that nobody revokes. */
  public MountOptions(
      String fsName,
      boolean allowOther,
      List<Integer> allowUids,
      OptionalInt uid,
      OptionalInt gid,
      int umask,
      int readAheadBytes,
      int workers,
      boolean noExec,
      Optional<ResidentPlan> resident) {
    this(
        fsName,
        allowOther,
        allowUids,
        uid,
        gid,
        umask,
        readAheadBytes,
        workers,
        noExec,
        resident,
        false,
        false,
        Validity.FOREVER);
  }

  /** With the default read-ahead and number of workers. */
  public MountOptions(
      String fsName,
      boolean allowOther,
      List<Integer> allowUids,
      OptionalInt uid,
      OptionalInt gid,
      int umask) {
    this(
        fsName,
        allowOther,
        allowUids,
        uid,
        gid,
        umask,
        DEFAULT_READ_AHEAD_BYTES,
        0,
        false,
        Optional.empty());
  }

  /** The same with this resident mode. */
  public MountOptions withResident(Optional<ResidentPlan> plan) {
    return new MountOptions(
        fsName,
        allowOther,
        allowUids,
        uid,
        gid,
        umask,
        readAheadBytes,
        workers,
        noExec,
        plan,
        revocable,
        remote,
        validity);
  }

  /** The same, of a mount that may be revoked. */
  public MountOptions withRevocable(boolean mayBe) {
    return new MountOptions(
        fsName,
        allowOther,
        allowUids,
        uid,
        gid,
        umask,
        readAheadBytes,
        workers,
        noExec,
        resident,
        mayBe,
        remote,
        validity);
  }

  /** The same, of a tree that is read over a network. */
  public MountOptions withRemote(boolean isRemote) {
    return new MountOptions(
        fsName,
        allowOther,
        allowUids,
        uid,
        gid,
        umask,
        readAheadBytes,
        workers,
        noExec,
        resident,
        revocable,
        isRemote,
        validity);
  }

  /** The same, with this trust of the kernel in what it was told. */
  public MountOptions withValidity(Validity newValidity) {
    return new MountOptions(
        fsName,
        allowOther,
        allowUids,
        uid,
        gid,
        umask,
        readAheadBytes,
        workers,
        noExec,
        resident,
        revocable,
        remote,
        newValidity);
  }

  /** Threads that wait for requests from the start. */
  public int workersAtFirst() {
    int cores = Runtime.getRuntime().availableProcessors();
    return workers > 0
        ? Math.min(workers, Math.max(LEAST_WORKERS, cores))
        : Math.clamp(cores, LEAST_WORKERS, MOST_WORKERS);
  }

  /** Threads where those hang. */
  public int workersAtMost() {
    int most = remote ? MOST_REMOTE_WORKERS : MOST_WORKERS;
    return workers > 0 ? workers : Math.max(most, workersAtFirst());
  }

  /** How long all threads may be busy without one getting done before there is one more. */
  public Duration patience() {
    return PATIENCE;
  }
}
