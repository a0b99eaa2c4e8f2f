export { KeyServiceError, open, parse, Tdc, TdcError, version } from './index.js';
