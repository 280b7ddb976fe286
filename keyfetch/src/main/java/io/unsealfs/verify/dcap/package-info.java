/**
 * Verifies Intel's quotes, TDX and SGX: parsing, signature chains, collateral, TCB levels. Pure
 * functions of quote, collateral, options and a clock; touches neither files nor network.
 */
@NullMarked
package io.unsealfs.verify.dcap;

import org.jspecify.annotations.NullMarked;
