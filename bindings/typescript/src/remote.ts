// Sends the library's requests to a codec server, with fetch. The library builds the request and
// checks the response.

import { TdcError } from './errors.js';
import { bytesField, fields, intField } from './wire.js';

/**
 * Gives headers for a request to a codec server by its URL, such as a fresh `Authorization`. They
 * take precedence over the configuration's headers of the same name. It is called for every
 * request; an exception or a rejection fails the call with `TDC_ERR_REMOTE`, which is transient.
 */
export type RemoteHeaders = (
  url: string,
) => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;

interface HttpRequest {
  method: string;
  url: string;
  headers: Headers;
  body: Buffer | undefined;
  timeout: number;
  maxResponse: number;
}

/** Sends a request; returns the result, whatever it is, as a `tdc.host.v1.HttpResponse`. */
export async function send(message: Buffer, own: RemoteHeaders | undefined): Promise<Buffer> {
  const request = read(message);
  const timeout = AbortSignal.timeout(request.timeout);
  for (const [name, value] of Object.entries(await headersOf(request.url, own))) {
    request.headers.set(name, value);
  }
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      redirect: 'manual',
      credentials: 'omit',
      signal: timeout,
    });
    const body = await bodyOf(response, request.maxResponse);
    return Buffer.concat([intField(1, response.status), bytesField(2, body)]);
  } catch (error) {
    const reason = timeout.aborted ? `no answer in ${request.timeout / 1000} s` : reasonOf(error);
    return bytesField(2, Buffer.from(reason));
  }
}

async function headersOf(
  url: string,
  own: RemoteHeaders | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (own === undefined) return {};
  try {
    return await own(url);
  } catch (cause) {
    throw new TdcError('remoteHeaders failed', {
      code: 'TDC_ERR_REMOTE',
      number: 503,
      transient: true,
      cause,
    });
  }
}

function read(message: Buffer): HttpRequest {
  // Without this, fetch would accept compressed responses, and the limit would apply to the
  // inflated size.
  const headers = new Headers({ 'accept-encoding': 'identity' });
  const request: HttpRequest = {
    method: '',
    url: '',
    headers,
    body: undefined,
    timeout: 0,
    maxResponse: 0,
  };
  for (const [number, value] of fields(message)) {
    if (number === 1) request.method = value.toString();
    else if (number === 2) request.url = value.toString();
    else if (number === 3) {
      const header = new Map(
        [...fields(value as Buffer)].map(([at, part]) => [at, part.toString()]),
      );
      headers.set(header.get(1) ?? '', header.get(2) ?? '');
    } else if (number === 4) request.body = value as Buffer;
    else if (number === 5) request.timeout = value as number;
    else if (number === 6) request.maxResponse = value as number;
  }
  return request;
}

/** The body, or one byte more than is allowed. */
async function bodyOf(response: Response, maximum: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return Buffer.alloc(0);
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maximum) break;
  }
  return Buffer.concat(chunks, Math.min(length, maximum + 1));
}

/** Only the code: the client's error text may repeat a header of the request. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown } } | undefined)?.cause;
  return typeof cause?.code === 'string' ? `cannot connect: ${cause.code}` : 'the request failed';
}
