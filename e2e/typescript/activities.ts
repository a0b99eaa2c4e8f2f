// The activities that the Go workflows call; Python and Java have the same three.

import { activityInfo, ApplicationFailure, heartbeat } from '@temporalio/activity';

/**
 * The activities of one worker: the first attempt of `Handle` goes on once `released` is settled.
 */
export function activities(released: Promise<void>) {
  return {
    /** Heartbeats and fails at the first attempt, then answers with what the heartbeat kept. */
    async Handle(customer: string): Promise<string> {
      const kept = activityInfo().heartbeatDetails as string | undefined;
      if (kept !== undefined) return `typescript handled ${kept}`;
      heartbeat(`typescript heartbeat of ${customer}`);
      await released;
      throw ApplicationFailure.create({
        message: `typescript stumbled over ${customer}`,
        details: [`typescript details of ${customer}`],
        nextRetryDelay: '50ms',
      });
    },

    /** Fails for good, with a message and details that are secret. */
    Refuse(customer: string): Promise<void> {
      throw ApplicationFailure.create({
        message: `typescript refuses ${customer}`,
        details: [`typescript record of ${customer}`],
        nonRetryable: true,
        cause: new Error(`typescript reason for ${customer}`),
      });
    },

    /** Decodes its input and encodes its answer: all that a rotation of keys can break. */
    Stamp(entry: string): Promise<string> {
      return Promise.resolve(`${entry} typescript`);
    },
  };
}

/** What the workflow Sites runs in its own worker. */
export const local = {
  /** Answers. */
  AnswerLocally(word: string): Promise<string> {
    return Promise.resolve(`answer to ${word}`);
  },

  /** Fails for good, with a message and details that are secret. */
  RefuseLocally(word: string): Promise<never> {
    throw ApplicationFailure.create({
      message: `refusal of ${word}`,
      details: [`record of ${word}`],
      nonRetryable: true,
    });
  },
};
