package io.unsealfs.crypto;

import io.unsealfs.os.ScratchMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Fills the memory of one Argon2 derivation, slice by slice, its lanes side by side. */
final class Argon2Fill {
  static final int SLICES = 4;

  private static final int BLOCKS_PER_LOOK = 256;

  private final Argon2.Type type;
  private final Argon2.Cost cost;
  private final ScratchMemory memory;
  private final Deadline deadline;
  private final int segmentBlocks;
  private final int laneBlocks;

  Argon2Fill(Argon2.Type type, Argon2.Cost cost, ScratchMemory memory, Deadline deadline) {
    this.type = type;
    this.cost = cost;
    this.memory = memory;
    this.deadline = deadline;
    this.segmentBlocks = cost.segmentBlocks();
    this.laneBlocks = segmentBlocks * SLICES;
  }

  /** Every pass; nobody uses the memory any more when this returns or throws. */
  void run() throws KdfTimeoutException {
    int threads = Math.min(cost.lanes(), Runtime.getRuntime().availableProcessors());
    // closing waits for every lane
    try (ExecutorService crew =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("unsealfs-kdf-", 0).factory())) {
      for (int pass = 0; pass < cost.passes(); pass++) {
        for (int slice = 0; slice < SLICES; slice++) {
          runSlice(crew, pass, slice);
        }
      }
    }
  }

  private void runSlice(ExecutorService crew, int pass, int slice) throws KdfTimeoutException {
    List<Callable<Boolean>> lanes = new ArrayList<>();
    for (int lane = 0; lane < cost.lanes(); lane++) {
      int mine = lane;
      lanes.add(() -> new Segment(pass, slice, mine).fill());
    }
    try {
      for (Future<Boolean> lane : crew.invokeAll(lanes)) {
        boolean _ = lane.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KdfTimeoutException("key derivation was interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KdfTimeoutException late) {
        throw late;
      }
      throw new IllegalStateException("Argon2 failed", e);
    }
  }

  /** A quarter of one lane in one pass. */
  private final class Segment {
    private final int pass;
    private final int slice;
    private final int lane;
    private final boolean independent;
    private final long[] previous = new long[ScratchMemory.BLOCK_LONGS];
    private final long[] reference = new long[ScratchMemory.BLOCK_LONGS];
    private final long[] mixed = new long[ScratchMemory.BLOCK_LONGS];
    private final long[] addressInput = new long[ScratchMemory.BLOCK_LONGS];
    private final long[] addresses = new long[ScratchMemory.BLOCK_LONGS];

    Segment(int pass, int slice, int lane) {
      this.pass = pass;
      this.slice = slice;
      this.lane = lane;
      this.independent = type == Argon2.Type.I || (pass == 0 && slice < SLICES / 2);
      addressInput[0] = pass;
      addressInput[1] = lane;
      addressInput[2] = slice;
      addressInput[3] = (long) laneBlocks * cost.lanes();
      addressInput[4] = cost.passes();
      addressInput[5] = type.number;
    }

    boolean fill() throws KdfTimeoutException {
      long laneStart = (long) lane * laneBlocks;
      int first = pass == 0 && slice == 0 ? 2 : 0;
      int at = slice * segmentBlocks + first;
      memory.read(laneStart + (at == 0 ? laneBlocks - 1 : at - 1), previous);
      if (independent && first > 0) {
        nextAddresses();
      }
      for (int i = first; i < segmentBlocks; i++, at++) {
        if (i % BLOCKS_PER_LOOK == 0) {
          deadline.check();
        }
        if (independent && i % ScratchMemory.BLOCK_LONGS == 0) {
          nextAddresses();
        }
        long random = independent ? addresses[i % ScratchMemory.BLOCK_LONGS] : previous[0];
        memory.read(referenceBlock(random, i), reference);
        Argon2Block.mix(previous, reference, mixed);
        if (pass > 0) {
          memory.read(laneStart + at, reference);
          for (int word = 0; word < previous.length; word++) {
            previous[word] ^= reference[word];
          }
        }
        memory.write(laneStart + at, previous);
      }
      for (long[] block : List.of(previous, reference, mixed, addresses)) {
        Arrays.fill(block, 0);
      }
      return true;
    }

    private void nextAddresses() {
      addressInput[6]++;
      Arrays.fill(addresses, 0);
      Argon2Block.mix(addresses, addressInput, mixed);
      Arrays.fill(reference, 0);
      Argon2Block.mix(addresses, reference, mixed);
    }

    /** Block that is mixed into the one at {@code index} of this segment (RFC section 3.4). */
    private long referenceBlock(long random, int index) {
      int other = (int) ((random >>> 32) % cost.lanes());
      if (pass == 0 && slice == 0) {
        other = lane;
      }
      long done = pass == 0 ? (long) slice * segmentBlocks : laneBlocks - segmentBlocks;
      long area;
      if (other == lane) {
        area = done + index - 1;
      } else {
        area = done - (index == 0 ? 1 : 0);
      }
      long low = random & 0xffff_ffffL;
      long squared = (low * low) >>> 32;
      long relative = area - 1 - ((area * squared) >>> 32);
      long start = pass == 0 || slice == SLICES - 1 ? 0 : (slice + 1L) * segmentBlocks;
      return (long) other * laneBlocks + (start + relative) % laneBlocks;
    }
  }
}
