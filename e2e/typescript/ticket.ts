// A client in TypeScript: it starts the Go workflow Ticket, asks it, signals it and reads its memo
// and its result, and says as JSON what it has read.
//
// usage: ticket.js ADDRESS CONFIG WORKFLOW CUSTOMER AGENT QUESTION WORD

import { Client, Connection } from '@temporalio/client';
import { open } from 'temporal-tdc';

async function main(): Promise<void> {
  const [address, config, workflowId, customer, agent, question, word] = process.argv.slice(2) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const t = open(config);
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection, dataConverter: t.dataConverter });
  const handle = await workflow.start('Ticket', {
    workflowId,
    taskQueue: 'go',
    args: [customer],
    memo: { agent },
    staticSummary: agent,
  });
  const status: unknown = await handle.query('status', question);
  for (const said of [word, 'close']) await handle.signal('say', said);
  const result: unknown = await handle.result();
  const { memo } = await handle.describe();
  console.log(JSON.stringify({ status, result, memo }));
  await connection.close();
  t.close();
}

void main();
