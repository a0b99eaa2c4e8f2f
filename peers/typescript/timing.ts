// Contestants measured alternately, so that what the machine does meanwhile meets all of them.

/** Something to measure, by the name of who does it. */
export type Calls = Record<string, () => Promise<unknown>>;

/**
 * What is measured, in nanoseconds: time as it passes, or what all threads of the process compute.
 */
export type Clock = () => number;

/** Time as it passes: what a caller waits for. */
export const wallTime: Clock = () => Number(process.hrtime.bigint());

/**
 * What the process computes, libuv's threads and the garbage collector included: other work
 * disturbs it less.
 */
export const cpuTime: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};

const ROUNDS = 15;
const WARM = 10_000;

/**
 * Alternates all for about `seconds` altogether and gives each one's median, in nanoseconds.
 * Each gets the same time, so a slow one makes fewer calls.
 */
export async function medians(
  calls: Calls,
  seconds: number,
  clock: Clock,
): Promise<Record<string, number>> {
  const names = Object.keys(calls);
  const share = (seconds * 1e9) / (ROUNDS * names.length);
  const repeats: Record<string, number> = {};
  const times: Record<string, number[]> = {};
  for (const name of names) {
    const call = calls[name] as () => Promise<unknown>;
    // V8 compiles what is called often: as many calls as a round has, the first of which may be
    // slow.
    const first = (await timed(call, 3, wallTime)) / 3;
    const warm = Math.max(3, Math.min(WARM, Math.ceil(share / first)));
    await timed(call, warm, wallTime);
    const some = Math.max(3, warm >> 2);
    const took = (await timed(call, some, wallTime)) / some;
    repeats[name] = Math.max(1, Math.floor(share / took));
    times[name] = [];
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const repeat = repeats[name] as number;
      globalThis.gc?.({ type: 'minor' }); // nobody pays for the garbage of another
      const took = await timed(calls[name] as () => Promise<unknown>, repeat, clock);
      times[name]?.push(took / repeat);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name] as number[])]));
}

async function timed(call: () => Promise<unknown>, repeat: number, clock: Clock): Promise<number> {
  const begin = clock();
  for (let at = 0; at < repeat; at++) await call();
  return clock() - begin;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] as number;
}
