/** The import of one function's bundle, as Lambda's runtime does it in a process that has just begun. */
import { createRequire } from 'node:module';
import { sampleProcess, serveMeasurement } from '../measured-process.ts';

export interface ImportSettings {
  /** The bundle; none: what Node itself takes to begin. */
  readonly file?: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface ImportReport {
  readonly ms: number;
  readonly cpuMs: number;
}

serveMeasurement(({ file, variables }: ImportSettings): ImportReport => {
  if (file === undefined) {
    const { bootstrapComplete } = performance.nodeTiming;
    return { ms: bootstrapComplete, cpuMs: bootstrapComplete };
  }
  Object.assign(process.env, variables);
  // As NODE_OPTIONS of the deployed function.
  process.setSourceMapsEnabled(true);
  const require = createRequire(import.meta.url);
  const before = sampleProcess();
  require(file);
  const after = sampleProcess();
  return { ms: after.atMs - before.atMs, cpuMs: (after.cpuSeconds - before.cpuSeconds) * 1_000 };
});
