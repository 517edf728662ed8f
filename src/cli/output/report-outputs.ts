import { appendFile, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { print } from './printable.ts';

/** Output for a pipeline besides the exit code, and what makes that code other than 0. */
export interface OutputFlags {
  readonly junit?: string;
  readonly requireConclusive?: boolean;
}

/** A file for a report (--junit, --step-summary) cannot be written. */
export class OutputNotWritableError extends StampedeError {
  constructor(file: string, cause: unknown) {
    super('OutputNotWritable', `${file} cannot be written: ${(cause as Error).message}`, {
      hint: 'name a file in a directory that may be written to',
      exitCode: exitCodes.badUsage,
      cause,
    });
  }
}

export function addOutputFlags(command: Command): Command {
  return command
    .option('--junit <file>', 'write the result as JUnit XML, for the pipeline’s test report')
    .option(
      '--require-conclusive',
      'exit with 99 also where the result is inconclusive: the generator was the bottleneck, or arrivals were not read',
    );
}

/**
 * Checks before a long run that the JUnit file can be written.
 * @throws OutputNotWritableError
 */
export async function checkOutputs({ junit }: OutputFlags): Promise<void> {
  if (junit === undefined) return;
  const there = await stat(junit).catch(() => undefined);
  if (there?.isDirectory()) throw new OutputNotWritableError(junit, new Error('it is a directory'));
}

/** The same result in the forms that a pipeline reads; made only if one is written. */
export interface PipelineOutputs {
  junit(): string;
  /** Markdown. */
  stepSummary(): string;
}

/**
 * Writes the JUnit file, and the summary of a GitHub Actions step where there is one.
 * @param variables GITHUB_STEP_SUMMARY is the file that the runner shows
 * @throws OutputNotWritableError for the file that the user named; an error of the runner's file is only printed to stderr
 */
export async function writeOutputs(
  { junit }: OutputFlags,
  outputs: PipelineOutputs,
  variables: Readonly<NodeJS.ProcessEnv> = process.env,
): Promise<void> {
  const { GITHUB_STEP_SUMMARY: summaryFile } = variables;
  if (summaryFile !== undefined && summaryFile !== '') {
    await appendFile(summaryFile, outputs.stepSummary()).catch((error: Error) =>
      print(process.stderr, `stampede: no step summary: ${error.message}\n`),
    );
  }
  if (junit !== undefined) await writeJUnit(junit, outputs.junit());
}

/** @throws OutputNotWritableError */
export async function writeJUnit(file: string, xml: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, xml);
  } catch (error) {
    throw new OutputNotWritableError(file, error);
  }
}
