import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where `ip netns` keeps namespaces by name. */
const namespacesDirectory = '/var/run/netns';

/** `stampede-4711-83920-…`: of process 4711 that started at 83920 clock ticks. */
const ownedName = /^stampede-(\d+)-(\d+)-/;

/** What this process names what it makes by, so that it is found when the process was killed. */
export function ownPrefix(): string {
  return `stampede-${process.pid}-${startOf(process.pid)}-`;
}

/** The machine's end of the pair of a namespace. An interface has at most 15 characters. */
export function linkNameOf(pid: number, number: number): string {
  return `sp${pid.toString(36)}n${number.toString(36)}`;
}

/**
 * Removes the namespaces, with their pairs and processes, and the files of processes that have ended.
 * @param isOver whether that process has ended
 * @returns names of the namespaces that were removed
 */
export function removeLeftovers(isOver: (pid: number, start: string) => boolean = hasEnded): string[] {
  const left = (name: string): boolean => {
    const [, pid, start = ''] = ownedName.exec(name) ?? [];
    return pid !== undefined && isOver(Number(pid), start);
  };
  const names = namesIn(namespacesDirectory).filter(left);
  for (const name of names) removeNamespace(name);
  for (const name of namesIn(tmpdir()).filter(left)) removeDirectory(path.join(tmpdir(), name));
  return names;
}

/** The same of one process, which was killed a moment ago. */
export function removeOf(pid: number): void {
  removeLeftovers((owner) => owner === pid);
}

function removeNamespace(name: string): void {
  const [, pid = '', number = ''] = /^stampede-(\d+)-\d+-(\d+)$/.exec(name) ?? [];
  const { stdout = '' } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  for (const each of stdout.split(/\s+/).filter(Boolean)) {
    try {
      process.kill(Number(each), 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
  spawnSync('ip', ['link', 'delete', linkNameOf(Number(pid), Number(number))]);
  spawnSync('ip', ['netns', 'delete', name]);
}

/** In a directory that all users write to: only what is this user's own. */
function removeDirectory(directory: string): void {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() && found.uid === process.getuid?.())
    rmSync(directory, { recursive: true, force: true });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A later process may have the same id. */
function hasEnded(pid: number, start: string): boolean {
  return startOf(pid) !== start;
}

/** Clock ticks from boot to its start; undefined: there is none, or its parent has yet to learn of its end. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
