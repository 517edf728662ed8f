/** A queue that nothing but a report reads: what a rule could not deliver, or what a function failed with too often. */
export class FailureQueue {
  readonly messages: string[] = [];

  readonly send = (message: string): void => {
    this.messages.push(message);
  };
}
