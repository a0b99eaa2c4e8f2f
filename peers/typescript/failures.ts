// Writes and reads chains of errors, described as a list, the outermost first.

import {
  ApplicationFailure,
  CancelledFailure,
  type LoadedDataConverter,
  type Payload,
} from '@temporalio/common';
import {
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
} from '@temporalio/common/lib/internal-non-workflow';
import { temporal } from '@temporalio/proto';

const { Failure } = temporal.api.failure.v1;

interface Link {
  kind: 'application' | 'canceled' | 'own';
  message: string;
  type: string;
  non_retryable: boolean;
  details: unknown[];
}

/** A failure of the chain that a record describes. */
export async function writeFailure(
  converter: LoadedDataConverter,
  record: Payload,
): Promise<Uint8Array> {
  const chain = JSON.parse(Buffer.from(record.data ?? []).toString()) as Link[];
  const error = chain.reduceRight<Error | undefined>(
    (cause, link) => thrown(link, cause),
    undefined,
  );
  return Failure.encode(await encodeErrorToFailure(converter, error)).finish();
}

/** An error of the failure in a record, its chain described. */
export async function readFailure(
  converter: LoadedDataConverter,
  record: Payload,
): Promise<Uint8Array> {
  const failure = Failure.decode(record.data ?? new Uint8Array());
  const chain: Link[] = [];
  let read: unknown = await decodeOptionalFailureToOptionalError(converter, failure);
  for (; read instanceof Error; read = read.cause) chain.push(describe(read));
  return Buffer.from(JSON.stringify(chain));
}

function thrown(link: Link, cause: Error | undefined): Error {
  const { message, type, non_retryable: nonRetryable, details } = link;
  switch (link.kind) {
    case 'application':
      return ApplicationFailure.create({
        ...{ message, type, nonRetryable, details },
        ...(cause && { cause }),
      });
    case 'canceled':
      return new CancelledFailure(message, details, cause);
    default:
      return new Error(message, { cause });
  }
}

function describe(error: Error): Link {
  const { message } = error;
  const link: Link = { kind: 'own', message, type: '', non_retryable: false, details: [] };
  if (error instanceof ApplicationFailure) {
    link.kind = 'application';
    link.type = error.type ?? '';
    link.non_retryable = error.nonRetryable === true;
  } else if (error instanceof CancelledFailure) link.kind = 'canceled';
  else return link;
  link.details = error.details ?? [];
  return link;
}
