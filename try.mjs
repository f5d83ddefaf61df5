import { connectHost } from './dist/src/hosts/connect.js';
import { startCounter } from './dist/test/host-faults.js';
const a = await connectHost('test:a'), b = await connectHost('test:b');
await b.shell.run('docker rm -f counter'); await a.shell.run('docker rm -f counter');
await startCounter(a, '', 64);
await a[Symbol.asyncDispose](); await b[Symbol.asyncDispose]();
