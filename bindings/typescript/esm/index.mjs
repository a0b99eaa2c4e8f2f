export { KeyServiceError, open, parse, storageDriver, Tdc, TdcError, version } from './index.js';
