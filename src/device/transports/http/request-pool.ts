import type { RequestHead } from '../../payload.ts';

/** Connections to one web service, which requests share. */
export interface RequestPool {
  /** Requests that may begin now. */
  readonly free: number;
  /**
   * Begins a request; there is one `free`.
   * @param body copied by the caller
   * @param end called once, and never from within this call
   * @returns gives the request up, its connection with it where that serves one at a time; then `end` is not called
   */
  request(head: RequestHead, body: Buffer, end: RequestEnd): () => void;
  /** Closes every connection. What is still requested ends without a report. */
  close(): void;
}

export interface RequestEnd {
  /** The answer is there, to its last byte. */
  answered(status: number): void;
  /** There will be no answer, for this reason in one word. @param isSent whether the service may have received the request */
  ended(reason: string, isSent: boolean): void;
}

/** @param device whose connections they are @param limit connections that may be open at once */
export type MakePool = (device: number, limit: number) => RequestPool;

/** Methods whose requests have a body, if only an empty one (RFC 9110, 8.6). */
export function announcesBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
