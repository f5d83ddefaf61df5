import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spansPage } from '../src/catalogue/page.ts';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** `npm run docs:spans` writes the page anew; to be reviewed as any change. */
writeFileSync(join(packageRoot(), 'docs/spans.md'), spansPage());
