import { exitCodes, StampedeError } from '../../shared/errors.ts';

const shownLength = 200;

/** A file of a run store that stands where a file of another run, slice or batch belongs. Exit code 2. */
export class OtherRunError extends StampedeError {
  /**
   * @param named the run that the file names
   * @param expected the run it was read for, and the key that its content belongs at
   */
  constructor(file: string, named: string, expected: { readonly runId: string; readonly own: string }) {
    super(
      'OtherRun',
      named === expected.runId
        ? `${file} holds what belongs at ${shown(expected.own)}`
        : `${file} is of another run, ${shown(named)}`,
      {
        hint: 'a run directory is named by its run, and a file in it by its slice or batch: rename it, or move it to where it belongs',
        exitCode: exitCodes.badUsage,
      },
    );
  }
}

/** Strings of a file that any user may have written. */
function shown(text: string): string {
  return JSON.stringify(text.length <= shownLength ? text : `${text.slice(0, shownLength)}…`);
}
