// Writes the package.json of both packages: package.json of this folder without what only development needs, and the
// one of the native package. `node stage.mjs PACKAGE_JSON STAGE PLATFORM VERSION`, see setup.sh.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [source, stage, platform, version] = process.argv.slice(2);
const { devDependencies: _, ...main } = JSON.parse(readFileSync(source, 'utf8'));
if (main.version !== version) {
  throw new Error(`${source} has version ${main.version}, Cargo.toml has ${version}`);
}
const [os, cpu, libc] = platform.split('-');
const file = `tdc.${platform}.node`;
const native = {
  name: `${main.name}-${platform}`,
  version,
  description: `The native part of ${main.name} for ${platform}`,
  license: main.license,
  main: file,
  files: [file],
  engines: main.engines,
  os: [os],
  cpu: [cpu],
  ...(libc === undefined ? {} : { libc: [libc === 'gnu' ? 'glibc' : libc] }),
};
main.optionalDependencies = { [native.name]: version };

const write = (folder, contents) =>
  writeFileSync(join(stage, folder, 'package.json'), `${JSON.stringify(contents, null, 2)}\n`);
write('temporal-tdc', main);
write('native', native);
