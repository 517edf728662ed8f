import { messageOf } from '../../shared/errors.ts';
import { describeDiskError, isDiskError, remedyOfDisk } from '../s3/runs-storage.ts';

/** An answer of AWS's own kind: the SDK turns `code` into the exception's name. */
export class AwsError extends Error {
  /** As the service spells it: `ExecutionAlreadyExists`, `NoSuchKey`. */
  readonly code: string;
  readonly status: number;
  /** Members that the exception carries beside its message (`Reason`, `Type`). */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/**
 * The answer to a request that embedded AWS does not support. No SDK retries a 501, so a run ends at once and names the gap.
 * @param what completes "embedded AWS does not support …"
 */
export function notSupported(what: string): AwsError {
  return new AwsError(
    'NotSupportedByEmbeddedAws',
    `embedded AWS does not support ${what}; docs/embedded-aws.md lists what it does`,
    501,
  );
}

/** The code of an error that the disk, or the limit of open files, caused. */
export const filesUnavailable = 'FilesUnavailable';

/** What a handler threw, as the answer of the service. An internal error is a 500, with its message. */
export function toAwsError(thrown: unknown): AwsError {
  if (thrown instanceof AwsError) return thrown;
  if (isDiskError(thrown)) {
    const what = `embedded AWS cannot use its files: ${describeDiskError(thrown)}; ${remedyOfDisk(thrown)}`;
    return new AwsError(filesUnavailable, what, 500);
  }
  const message = messageOf(thrown);
  return new AwsError('InternalFailure', `embedded AWS failed: ${message}`, 500);
}
