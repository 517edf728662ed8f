/** SQS takes no larger message. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const maxRecordBytes = 262_144;

/** Where a rule writes its outgoing message: one buffer, overwritten by the next. */
export class RecordBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(maxRecordBytes);
  /** Views by length: records of one fleet differ by a few digits. */
  readonly #views: (Buffer | undefined)[] = [];
  #length = 0;

  set length(bytes: number) {
    this.#length = bytes;
  }

  /** The record: a view, good until the next is written. */
  get body(): Buffer {
    const length = this.#length;
    if (length >= 1_024) return this.bytes.subarray(0, length);
    const known = this.#views[length];
    if (known !== undefined) return known;
    const view = this.bytes.subarray(0, length);
    this.#views[length] = view;
    return view;
  }
}
