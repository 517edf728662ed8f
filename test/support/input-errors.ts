import { type InputError, InvalidInputError } from '../../src/shared/errors.ts';

/** All errors that reading an input throws at once; none where it is read. */
export function inputErrorsOf(read: () => unknown): readonly InputError[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return error.errors;
  }
}
