package io.unsealfs.verify.snp;

/** Which kind of key signed a report. */
enum Signer {
  /** Of this chip and this TCB. */
  VCEK("SEV-VCEK"),
  /** Loaded by the cloud provider, of this TCB and not of this chip. */
  VLEK("SEV-VLEK");

  private final String commonName;

  Signer(String commonName) {
    this.commonName = commonName;
  }

  String commonName() {
    return commonName;
  }
}
