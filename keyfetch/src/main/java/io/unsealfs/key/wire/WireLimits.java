package io.unsealfs.key.wire;

/** How large the parts of the protocol may be, in bytes; both ends refuse anything above. */
public final class WireLimits {
  /** Length of a nonce. */
  public static final int NONCE_BYTES = 32;

  /** Largest quote, or sample document. */
  public static final int MAX_QUOTE_BYTES = 64 << 10;

  /** Largest event log. */
  public static final int MAX_EVENT_LOG_BYTES = 1 << 20;

  /** Largest secret, in the clear. */
  public static final int MAX_SECRET_BYTES = 64 << 10;

  /** Largest secret name, in UTF-8. */
  public static final int MAX_NAME_BYTES = 255;

  /** Largest evidence type. */
  public static final int MAX_EVIDENCE_TYPE_BYTES = 32;

  /** Largest serialised Terms. */
  public static final int MAX_TERMS_BYTES = 4 << 10;

  /** Largest message a server accepts: quote, event log, and room for the small fields. */
  public static final int MAX_REQUEST_BYTES =
      MAX_QUOTE_BYTES + MAX_EVENT_LOG_BYTES + MAX_NAME_BYTES + (4 << 10);

  /** Largest message a client accepts: sealed secret, terms, and room for the small fields. */
  public static final int MAX_REPLY_BYTES = MAX_SECRET_BYTES + MAX_TERMS_BYTES + (4 << 10);

  private WireLimits() {}
}
