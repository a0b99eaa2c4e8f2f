// Vault's transit engine, as far as libtdc_keys speaks to it: its paths, headers, bodies and
// statuses.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { seal, unseal } from './key-services.js';

/** What came in. */
export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Record<string, string>;
}

interface Answer {
  status: number;
  body: unknown;
}

const refusal = (status: number, ...errors: string[]): Answer => ({ status, body: { errors } });

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** A server with one key, `orders`, and one token. */
export class Vault {
  readonly asked: Asked[] = [];
  /** Milliseconds before an answer. */
  takes = 0;
  now = 0;
  most = 0;
  /** Returns an answer instead of the right one. */
  instead: ((asked: Asked) => Answer | undefined) | undefined;
  /** What a test before left under way does not count. */
  private epoch = {};
  private readonly server: Server = createServer((request, response) => {
    void this.serve(request, response);
  });

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** As it was made. */
  reset(): void {
    this.asked.length = 0;
    [this.takes, this.now, this.most, this.instead, this.epoch] = [0, 0, 0, undefined, {}];
  }

  /** How often each path was asked, in their order. */
  get counts(): [encrypts: number, decrypts: number] {
    const count = (verb: string): number =>
      this.asked.filter(({ url }) => url === `/v1/transit/${verb}/orders`).length;
    return [count('encrypt'), count('decrypt')];
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    if (url === '/v1/auth/token/lookup-self') {
      send(response, { status: 200, body: { data: { ttl: 0, renewable: false } } });
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
    const asked: Asked = { method, url, headers, body };
    this.asked.push(asked);
    this.most = Math.max(this.most, ++this.now);
    const { instead, epoch } = this;
    await sleep(this.takes, undefined, { ref: false });
    if (epoch === this.epoch) this.now--;
    send(response, instead?.(asked) ?? this.answer(asked));
  }

  private answer({ method, url, headers, body }: Asked): Answer {
    if (headers['x-vault-token'] !== 'the-token') return refusal(403, 'permission denied');
    if (method !== 'POST') return refusal(405);
    if (url === '/v1/transit/encrypt/orders') {
      const sealed = seal(Buffer.from(body['plaintext'] ?? '', 'base64'));
      return {
        status: 200,
        body: { data: { ciphertext: `vault:v1:${sealed.toString('base64')}` } },
      };
    }
    if (url !== '/v1/transit/decrypt/orders') return refusal(404);
    const [, , sealed] = (body['ciphertext'] ?? '').split(':');
    try {
      const plaintext = unseal(Buffer.from(sealed ?? '', 'base64')).toString('base64');
      return { status: 200, body: { data: { plaintext } } };
    } catch {
      return refusal(400, 'cipher: message authentication failed');
    }
  }
}
