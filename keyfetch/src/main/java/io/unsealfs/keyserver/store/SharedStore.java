package io.unsealfs.keyserver.store;

import java.time.Duration;

/**
 * A store for several servers, which can also keep marks that go away by themselves. Marks belong
 * to a slot of time; a slot ends with all its marks in one step and never comes back, by the
 * store's own clock, so that no server's clock has a say in it.
 */
public interface SharedStore extends Store {

  /** What setting a mark led to. */
  enum Mark {
    /** It was not set, and is now. */
    SET,
    /** It was set before. */
    TAKEN,
    /** Its slot has ended, or never was. */
    SLOT_ENDED
  }

  /**
   * Begins a slot.
   *
   * @param life how long it stays at least; rounded up to seconds
   * @return its number, which no other slot ever had or will have; not 0
   * @throws StoreUnavailableException if the store cannot be reached
   */
  long openSlot(Duration life) throws StoreException;

  /**
   * Sets a mark, exactly once over all servers.
   *
   * @param mark letters and digits
   * @throws StoreUnavailableException if it may or may not have been set
   */
  Mark mark(long slot, String mark) throws StoreException;
}
