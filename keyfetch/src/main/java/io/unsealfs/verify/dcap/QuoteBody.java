package io.unsealfs.verify.dcap;

/** What a quote is about. */
sealed interface QuoteBody permits SgxReport, TdReport {}
