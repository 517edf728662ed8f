import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { HostFacts } from '../../plan/host.ts';

/** This machine as a rehearsal finds it. */
export function readHostFacts(): HostFacts {
  return {
    descriptors: hardLimitOf(readLimits()),
    memoryBytes: process.availableMemory(),
    cores: availableParallelism(),
  };
}

/** proc_pid_limits; empty where there is none. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/** Node raises its soft limit to the hard one at its start. Unlimited, or not known: infinity. */
export function hardLimitOf(limits: string): number {
  const hard = /^Max open files +\S+ +(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}
