import { writeFileSync } from 'node:fs';
import { sourceSets } from '../vm/versions.ts';
import { pathModule, pathModuleFile } from './path-module.ts';

/** `npm run docs:path` writes the modules anew, from the sources that Debian has now; to be reviewed as any change. */
for (const set of sourceSets)
  writeFileSync(pathModuleFile(set), await pathModule(set, (line) => process.stderr.write(`${line}\n`)));
