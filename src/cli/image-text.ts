import type { ImageFolder } from '../layers/criu/image-folders.ts';
import type { ProcessSummary } from '../layers/criu/image-summary.ts';
import { escapeText } from './terminal.ts';

/** What a person reads of images: processes, memory, files, connections. */
export function imageText(images: ImageFolder): string {
  const { folder, container, processes, openFiles, sockets, tcpStreams, mounts } = images;
  return [
    ...containerLine(container),
    `images in ${escapeText(folder)}: ${processesText(processes)}`,
    ...(processes ?? []).slice(0, 20).map(processLine),
    ...(processes !== null && processes.length > 20 ? [`  … ${processes.length - 20} more`] : []),
    ...counted('files', openFiles),
    ...(sockets ?? []).map(({ protocol, state, local, remote }) => `  ${protocol} ${state}: ${local} - ${remote}`).slice(0, 20),
    ...tcpStreams.map(
      ({ receivedBytes, sentBytes }) => `  a connection with ${receivedBytes} bytes received and ${sentBytes} sent in its queues`,
    ),
    ...counted('mounts', mounts),
  ].join('\n');
}

function processesText(processes: ImageFolder['processes']): string {
  if (processes === null) return 'whose processes is not known, without a whole pstree.img';
  const threads = processes.reduce((sum, process) => sum + process.threads, 0);
  return `${processes.length} processes, ${threads} threads`;
}

function containerLine(container: ImageFolder['container']): readonly string[] {
  if (container === null) return [];
  const { name, id, image, engine, runtime } = container;
  const made = [engine, runtime].filter((word) => word !== null).join(', ');
  const from = image === null ? '' : `, image ${escapeText(image)}`;
  return [`container ${escapeText(name ?? id ?? 'without a name')}${made === '' ? '' : ` (${escapeText(made)})`}${from}`];
}

function processLine({ pid, parentPid, threads, comm, mappedBytes, pages }: ProcessSummary): string {
  const mapped = Object.entries(mappedBytes ?? {}).sort((a, b) => b[1] - a[1]);
  const kinds = mapped.slice(0, 4).map(([kind, bytes]) => `${kind} ${size(bytes)}`);
  const own = pages === null ? [] : [`${size(pages.written * 4096)} of pages`];
  const rest =
    pages === null
      ? []
      : [
          ...(pages.parent > 0 ? [`${pages.parent} pages in a parent`] : []),
          ...(pages.lazy > 0 ? [`${pages.lazy} for post-copy`] : []),
        ];
  const facts = [
    `${threads} thread${threads === 1 ? '' : 's'}`,
    ...own,
    ...rest,
    ...(kinds.length > 0 ? [`maps ${kinds.join(', ')}`] : []),
  ];
  return `  ${pid} ${escapeText(comm ?? '?')}${parentPid === 0 ? '' : ` (child of ${parentPid})`}: ${facts.join(', ')}`;
}

function counted(title: string, counts: Readonly<Record<string, number>> | null): readonly string[] {
  const entries = Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1]);
  return entries.length === 0 ? [] : [`  ${title}: ${entries.map(([name, count]) => `${count} ${escapeText(name)}`).join(', ')}`];
}

function size(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
}
