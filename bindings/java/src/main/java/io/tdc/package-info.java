/**
 * Temporal's data conversion, written once and configured once for every SDK.
 *
 * <p>{@link io.tdc.Tdc} opens a {@code tdc.yaml} and provides the Temporal SDK's own interfaces: a
 * {@link io.temporal.payload.codec.PayloadCodec} and a {@link
 * io.temporal.common.converter.DataConverter}. The work is done by a native library that every
 * language shares, so that every worker can read what another one wrote.
 */
package io.tdc;
