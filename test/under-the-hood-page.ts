import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { underTheHoodPage } from '../src/catalogue/under-the-hood.ts';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** The last part of `npm run docs:path`. */
writeFileSync(join(packageRoot(), 'docs/under-the-hood.md'), underTheHoodPage());
