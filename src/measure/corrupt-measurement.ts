import { exitCodes, StampedeError } from '../shared/errors.ts';

/** A stored measurement that cannot be read back: a truncated or unrelated file in the run store. */
export class CorruptMeasurementError extends StampedeError {
  constructor(what: string, cause?: unknown) {
    super('CorruptMeasurement', `${what} cannot be read back`, {
      hint: 'The file in the run store is truncated or was written by another version of Stampede. Run the profile again.',
      exitCode: exitCodes.badUsage,
      cause,
    });
  }
}
