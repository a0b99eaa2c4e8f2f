// A driver of external storage, around the driver: the codec never sees a claim.

import { TdcError } from './errors.js';

/** What {@link storageDriver} needs of a driver; the SDK's `StorageDriver` has it all. */
export interface StorageDriverLike {
  /** See the SDK's `StorageDriver`. */
  readonly name: string;
  /** See the SDK's `StorageDriver`. */
  readonly type: string;
  /** See the SDK's `StorageDriver`. */
  store(context: never, payloads: never): Promise<StorageClaimLike[]>;
  /** See the SDK's `StorageDriver`. */
  retrieve(context: never, claims: never): Promise<unknown[]>;
}

/** The SDK's `StorageDriverClaim`, which older versions of `@temporalio/common` lack. */
export interface StorageClaimLike {
  /** See the SDK's `StorageDriverClaim`. */
  readonly claimData: Record<string, string>;
}

/**
 * Wraps a driver of external storage, so that claims can be read by the official drivers of every
 * SDK. They spell the same things differently: `hash_algorithm` and `hash_value` in Go and Python,
 * `hashAlgorithm` and `hashValue` in TypeScript; for Google Cloud Storage, `key` or `object_name`
 * in Go, `object_name` in Python and `object` in TypeScript.
 *
 * The claims that `store` returns have every spelling, and so do those that `retrieve` gets. Name,
 * type, payloads and everything else are the driver's. If two spellings are there and disagree, a
 * {@link TdcError} names them, and nothing is retrieved. It needs no configuration. A
 * `driverSelector` has to return the wrapped driver.
 *
 * @example
 * ```ts
 * const drivers = [storageDriver(new S3StorageDriver({ client, bucket: 'orders' }))];
 * const client = new Client({
 *   dataConverter: { ...t.dataConverter, externalStorage: new ExternalStorage({ drivers }) },
 * });
 * ```
 */
export function storageDriver<Driver extends StorageDriverLike>(driver: Driver): Driver {
  const inner = driver as unknown as Calls;
  const own: Record<PropertyKey, unknown> = {
    store: async (context: unknown, payloads: unknown) =>
      withEverySpelling(driver, await inner.store(context, payloads)),
    retrieve: async (context: unknown, claims: StorageClaimLike[]) =>
      inner.retrieve(context, withEverySpelling(driver, claims)),
  };
  // Not a proxy of the driver itself, since a frozen one would not let its methods be replaced.
  return new Proxy(Object.create(driver) as Driver, {
    get(_, property) {
      if (Object.hasOwn(own, property)) return own[property];
      const value: unknown = Reflect.get(driver, property);
      // Private fields (`#client`) are only found on the driver itself.
      const isMethod = typeof value === 'function' && property !== 'constructor';
      return isMethod ? (value.bind(driver) as unknown) : value;
    },
  });
}

interface Calls {
  store(context: unknown, payloads: unknown): Promise<StorageClaimLike[]>;
  retrieve(context: unknown, claims: StorageClaimLike[]): Promise<unknown[]>;
}

type Spellings = readonly (readonly string[])[];

const HASH: Spellings = [
  ['hash_algorithm', 'hashAlgorithm'],
  ['hash_value', 'hashValue'],
];

/**
 * Only for Google's drivers: it would repeat the long key of every S3 object in the history, and to
 * a driver of somebody's own `key` and `object` may be two things.
 */
const GCS: Spellings = [['key', 'object', 'object_name'], ...HASH];

function withEverySpelling(
  { name, type }: StorageDriverLike,
  claims: StorageClaimLike[],
): StorageClaimLike[] {
  const spellings = type === 'gcp.gcsdriver' ? GCS : HASH;
  return claims.map((claim, index) => {
    const claimData = { ...claim.claimData };
    for (const names of spellings) {
      const [first, ...others] = names.filter((each) => claimData[each] !== undefined);
      const value = first === undefined ? undefined : claimData[first];
      if (first === undefined || value === undefined) continue;
      for (const other of others) {
        if (claimData[other] !== value) {
          throw new TdcError(
            `the claim of the storage driver "${name}" is contradictory: its ${first} and ${other} disagree`,
            { code: 'TDC_ERR_REFERENCE', number: 115, index },
          );
        }
      }
      for (const each of names) claimData[each] = value;
    }
    // Of the driver's own class, which may come from another copy of the SDK.
    return Object.assign(Object.create(Object.getPrototypeOf(claim) as object), claim, {
      claimData,
    }) as StorageClaimLike;
  });
}
