// The workflow that decodes at every site where workflow code can meet a payload; the other
// languages have the same one.

import {
  ApplicationFailure,
  condition,
  continueAsNew,
  createNexusServiceClient,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import * as nexus from 'nexus-rpc';
import type { local } from './activities.js';

const step = defineSignal<[name: string]>('step');
const say = defineSignal<[word: string]>('say');
const amend = defineUpdate<string, [amendment: string]>('amend');
const ask = defineQuery<string[], [question: string]>('ask');

const answers = nexus.service('Answers', {
  answer: nexus.operation<string, string>(),
  refuse: nexus.operation<string, string>(),
  refuse_later: nexus.operation<string, string>(),
});

interface Helpers {
  Answer(word: string): Promise<string>;
  Refuse(word: string): Promise<string>;
}

/** Takes the steps that it is told, in their order, and answers with all that it has read. */
export async function Sites(opening: string, helper: string): Promise<string[]> {
  const seen = [opening];
  const steps: string[] = [];
  setHandler(step, (name) => void steps.push(name));
  setHandler(say, (word) => void seen.push(word));
  setHandler(amend, (amendment) => {
    seen.push(amendment);
    return amendment;
  });
  setHandler(ask, (question) => [question, ...seen]);
  for (;;) {
    await condition(() => steps.length > 0);
    const name = steps.shift() as string;
    if (name === 'close') return seen;
    if (name === 'continue-as-new') await continueAsNew<typeof Sites>(opening, helper);
    seen.push(await pass(name, opening, helper));
  }
}

/** Takes one step and answers with what it read there. */
async function pass(name: string, opening: string, helper: string): Promise<string> {
  const far = proxyActivities<Helpers>({ taskQueue: helper, startToCloseTimeout: '1 minute' });
  const near = proxyLocalActivities<typeof local>({ startToCloseTimeout: '1 minute' });
  switch (name) {
    case 'memo':
      return workflowInfo().memo?.['note'] as string;
    case 'activity':
      return far.Answer(opening);
    case 'activity-failure':
      return refused(far.Refuse(opening));
    case 'child':
      return executeChild('AnswerChild', { args: [opening], taskQueue: helper }) as Promise<string>;
    case 'child-failure':
      return refused(executeChild('RefuseChild', { args: [opening], taskQueue: helper }));
    case 'nexus':
      return operate(helper, 'answer', opening);
    case 'nexus-failure':
      return refused(operate(helper, 'refuse', opening));
    case 'nexus-late-failure':
      return refused(operate(helper, 'refuse_later', opening));
    case 'local-activity':
      return near.AnswerLocally(opening);
    case 'local-failure':
      return refused(near.RefuseLocally(opening));
    default:
      throw ApplicationFailure.nonRetryable(`unknown step ${name}`);
  }
}

function operate(
  endpoint: string,
  name: 'answer' | 'refuse' | 'refuse_later',
  word: string,
): Promise<string> {
  const client = createNexusServiceClient({ endpoint, service: answers });
  return client.executeOperation(name, word, { scheduleToCloseTimeout: '1 minute' });
}

/** The message and the details of a failure: a reader needs both to be decoded. */
async function refused(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    // A local activity fails with the failure itself, and that of a Nexus operation is around the
    // one that its handler gave as the cause.
    let refusal = error;
    while (refusal instanceof TemporalFailure && refusal.cause) refusal = refusal.cause;
    if (!(refusal instanceof ApplicationFailure)) throw error;
    return `${refusal.message}, ${String(refusal.details?.[0])}`;
  }
  throw ApplicationFailure.nonRetryable('expected a failure, found an answer');
}
