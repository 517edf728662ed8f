import { readFileSync } from 'node:fs';
import { processesOf } from '../cli/processes.ts';

/** Ids of the processes that run a function (`publish-mqtt`) for the embedded AWS of a runs directory. */
export function processesOfFunction(runsDirectory: string, functionName: string): number[] {
  return pidsIn(runsDirectory).filter((pid) =>
    environmentOf(pid).some((variable) => variable === `_HANDLER=functions/${functionName}.handler`),
  );
}

/** The process of embedded AWS itself, that all others are children of. */
export function processOfEmbeddedAws(runsDirectory: string): number | undefined {
  const main = processesOf(runsDirectory).find((line) => line.includes('src/embedded/process/main.ts'));
  return main === undefined ? undefined : Number.parseInt(main, 10);
}

/** The process of its IoT Core. */
export function processOfIotCore(runsDirectory: string): number | undefined {
  const main = processesOf(runsDirectory).find((line) => line.includes('src/embedded/iot-core/main.ts'));
  return main === undefined ? undefined : Number.parseInt(main, 10);
}

function pidsIn(runsDirectory: string): number[] {
  return processesOf(runsDirectory).map((line) => Number.parseInt(line, 10));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // It ended between two looks.
  }
}
