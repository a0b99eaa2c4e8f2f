// The lines that workers exchange with the test.

import { createInterface } from 'node:readline';

/** Says one line. */
export function say(what: string): void {
  process.stdout.write(`e2e: ${what}\n`);
}

/**
 * Says that it is ready, and does what standard input tells until that ends; each command has its
 * answer.
 */
export async function obey(
  commands: Record<string, [answer: string, act: () => void]>,
): Promise<void> {
  say('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const command = commands[line.trim()];
    if (command === undefined) throw new Error(`unknown command ${line}`);
    const [answer, act] = command;
    act();
    say(answer);
  }
}
