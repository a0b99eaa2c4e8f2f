// What a client in TypeScript reads of a workflow that failed: messages, details and the Java
// classes in the stack traces of the chain, as JSON.
//
// usage: read-failure.js ADDRESS CONFIG WORKFLOW

import { ApplicationFailure, Client, Connection } from '@temporalio/client';
import { open } from 'temporal-tdc';

async function main(): Promise<void> {
  const [address = '', config = '', workflow = ''] = process.argv.slice(2);
  const t = open(config);
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, dataConverter: t.dataConverter });
  let failed: unknown;
  try {
    await client.workflow.getHandle(workflow).result();
    throw new RangeError(`${workflow} did not fail`);
  } catch (error) {
    failed = error;
  }
  const read: unknown[] = [];
  for (let link = failed; link instanceof Error; link = link.cause) {
    if (!(link instanceof ApplicationFailure)) continue;
    read.push(link.message, ...(link.details ?? []));
    read.push(...(link.stack?.match(/io\.tdc\.e2e\.[\w$.]+/g) ?? []));
  }
  console.log(JSON.stringify(read));
  await connection.close();
  t.close();
}

void main();
