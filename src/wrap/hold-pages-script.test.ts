import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostFile } from './host-files.ts';

/**
 * "has every userfaultfd of the lazy-pages daemon open as well" (hold-pages.pl): a process with a page that is missing, whose userfaultfd only its daemon has. It
 * prints the daemon's number of it, and once it is told to touches the page and prints what it has read. Numbers of <linux/userfaultfd.h>; of mmap and
 * userfaultfd as on x86-64.
 */
const container = `$| = 1; $^F = 255; my $fd = syscall 323, 1; die "userfaultfd: $!" if $fd < 0;
  open my $faults, '+<&=', $fd; my $api = pack 'QQQ', 0xAA, 0, 0; ioctl $faults, 0xC018AA3F, $api or die "api: $!";
  my $at = syscall 9, 0, 4096, 3, 0x22, -1, 0; my $range = pack 'QQQQ', $at, 4096, 1, 0;
  ioctl $faults, 0xC020AA00, $range or die "register: $!";
  unless (fork) { exec 'sh', '-c', 'echo $$ >lazy-pid; ./criu daemon & wait' }
  close $faults; print "$fd\\n"; <STDIN>; print 'read ', unpack('P8', pack 'Q', $at) eq "\\0" x 8 ? 'zeros' : 'else', "\\n"`;

/** So much memory that its end takes a while: the kernel closes the files of a process after that. */
const daemonScript = `$memory = 'x' x 4e8; open F, '>', 'pid'; print F $$; close F; rename 'pid', 'criu-pid'; sleep 60`;

let folder: string;
const started: ChildProcessWithoutNullStreams[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transship-hold-'));
  copyFileSync('/usr/bin/perl', join(folder, 'criu'));
  writeFileSync(join(folder, 'daemon'), daemonScript);
  writeFileSync(join(folder, 'receiving'), `work='${folder}'\nto_id=none\n`);
  writeFileSync(join(folder, 'hold-pages'), hostFile('hold-pages'));
  writeFileSync(join(folder, 'lazy-pages.log'), '(00.1) uffd: 1-3: UFFD transferred pages: (1/1)\n'); // of an earlier one
});

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  process.kill(Number(readFileSync(join(folder, 'lazy-pid'), 'utf8')), 'SIGKILL');
  rmSync(folder, { recursive: true });
});

function start(words: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn('perl', words, { cwd: folder, env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
  started.push(child);
  return child;
}

/** @returns a container that waits for its word, and what holds its page; killing the daemon is next */
async function held(isGiven = true) {
  const page = start(['-e', container]);
  const lines = createInterface(page.stdout)[Symbol.asyncIterator]();
  const fd = (await lines.next()).value as string;
  while (!existsSync(join(folder, 'criu-pid'))) await sleep(5);
  const holder = start(['hold-pages', folder]);
  const letGo = once(holder, 'exit');
  const isHeld = () =>
    readdirSync(`/proc/${holder.pid}/fd`).some((own) => linkOf(`/proc/${holder.pid}/fd/${own}`).includes('userfaultfd'));
  while (isGiven && !isHeld()) await sleep(5);
  if (!isGiven) await sleep(500); // it has looked by then
  const touch = () => {
    page.stdin.write('\n');
    return lines.next().then(({ value }) => value as string);
  };
  return { fd, letGo, touch, daemon: Number(readFileSync(join(folder, 'criu-pid'), 'utf8')) };
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** pidfd_getfd(2) of a process that is no child asks for root, and the numbers above are of one architecture. */
describe.skipIf(process.getuid?.() !== 0 || process.arch !== 'x64')('missing pages, as root on x86-64', () => {
  test('a daemon that dies makes no page zeros: whoever touches one waits, until what holds it lets go', async () => {
    const { letGo, touch, daemon } = await held();
    process.kill(daemon, 'SIGKILL');
    const read = touch();
    expect(await Promise.race([read, sleep(300, 'waits')])).toBe('waits');
    expect(readFileSync(join(folder, 'marks'), 'utf8')).toMatch(/^\d{10}\.\d{6} pages\.held 1\n$/);
    const lazyPid = readFileSync(join(folder, 'lazy-pid'));
    rmSync(join(folder, 'lazy-pid')); // as with the folder of the move
    await letGo;
    writeFileSync(join(folder, 'lazy-pid'), lazyPid);
    expect(await read).toBe('read zeros');
  });

  test('what the daemon has done with is not held', async () => {
    const { fd, letGo, touch, daemon } = await held();
    appendFileSync(join(folder, 'lazy-pages.log'), `(00.2) uffd: 1-${fd}: UFFD transferred pages: (1/1)\n`);
    process.kill(daemon, 'SIGKILL');
    expect(await touch()).toBe('read zeros');
    await letGo;
    expect(existsSync(join(folder, 'marks'))).toBe(false);
  });

  test('where the kernel gives no copy, the container is frozen at once', async () => {
    writeFileSync(join(folder, 'hold-pages'), hostFile('hold-pages').replace('438', '1438')); // a call that there is not, as before Linux 5.6
    writeFileSync(join(folder, 'runc'), `#!/bin/sh\necho "$*" >${folder}/runc-words\n`, { mode: 0o755 });
    const { letGo, daemon } = await held(false);
    process.kill(daemon, 'SIGKILL');
    await letGo;
    expect(readFileSync(join(folder, 'runc-words'), 'utf8')).toContain('pause none');
    expect(readFileSync(join(folder, 'marks'), 'utf8')).toContain('pages.frozen');
  });
});
