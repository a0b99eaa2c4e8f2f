/**
 * Temporal's data conversion, written once and configured once for every SDK.
 *
 * <p>{@link io.tdc.Tdc} opens a {@code tdc.yaml} and hands out the Temporal SDK's own interfaces: a
 * {@link io.temporal.payload.codec.PayloadCodec} and a {@link
 * io.temporal.common.converter.DataConverter}. What they do lives in a native library that every
 * language shares, so that what one worker writes every other one can read.
 */
package io.tdc;
