// Writes the package.json of every package: package.json of this folder without what only
// development needs, and those of the native packages. `node stage.mjs PACKAGE_JSON STAGE VERSION
// PLATFORM…`, see setup.sh.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [source, stage, version, ...platforms] = process.argv.slice(2);
const { devDependencies: _, ...main } = JSON.parse(readFileSync(source, 'utf8'));
if (main.version !== version) {
  throw new Error(`${source} has version ${main.version}, Cargo.toml has ${version}`);
}
const write = (folder, contents) =>
  writeFileSync(join(stage, folder, 'package.json'), `${JSON.stringify(contents, null, 2)}\n`);

// A scope of our own, so that no one else can publish the package of a new platform.
const nameOf = (platform) => `@${main.name}/${platform}`;
for (const platform of platforms) {
  const [os, cpu, libc] = platform.split('-');
  write(platform, {
    name: nameOf(platform),
    version,
    description: `The native part of ${main.name} for ${platform}`,
    license: main.license,
    repository: main.repository,
    main: `tdc.${platform}.node`,
    files: readdirSync(join(stage, platform)),
    engines: main.engines,
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: [libc === 'gnu' ? 'glibc' : libc] } : {}),
  });
}
main.optionalDependencies = Object.fromEntries(
  platforms.map((platform) => [nameOf(platform), version]),
);
write('temporal-tdc', main);
