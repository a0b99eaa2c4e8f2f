/**
 * Temporal's data conversion from one shared library and one configuration file.
 *
 * @packageDocumentation
 */

export type { Context } from './context.js';
export { TdcError, type TdcErrorDetails } from './errors.js';
export {
  type KeyService,
  KeyServiceError,
  type KeyServiceErrorDetails,
  type KeyServiceKey,
} from './key-service.js';
export type { KeyProvider } from './keys.js';
export type { RemoteHeaders } from './remote.js';
export { storageDriver, type StorageClaimLike, type StorageDriverLike } from './storage-driver.js';
export { open, parse, Tdc, type MessageClass, type MessageOptions, type Options } from './tdc.js';
export { version } from './version.js';
