/**
 * AMD SEV-SNP attestation reports (AMD 56860, ATTESTATION_REPORT; AMD 57230, certificates).
 * Experimental: no genuine report was at hand when this was written, only AMD's public
 * certificates.
 */
@NullMarked
package io.unsealfs.verify.snp;

import org.jspecify.annotations.NullMarked;
