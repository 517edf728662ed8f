import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHead } from '../../payload.ts';

/** Connections to one web service, which requests share. */
export interface RequestPool {
  /** Requests that may begin now. */
  readonly free: number;
  /**
   * Begins a request; there is one `free`.
   * @param body copied by the caller
   * @param end not called from within this call; one of `answered` and `ended` is called, once
   * @returns gives the request up, its connection with it where that serves one at a time; then `end` is not called
   */
  request(head: RequestHead, body: Buffer, end: RequestEnd): () => void;
  /** Closes every connection. What is still requested ends without a report. */
  close(): void;
}

export interface RequestEnd {
  /** The request's connection is open: the service may receive it from now on. Not called if none opens. */
  left(): void;
  /** The answer is there, to its last byte. */
  answered(status: number, headers: IncomingHttpHeaders): void;
  /** There will be no answer, for this reason in one word. */
  ended(reason: string): void;
}

/** @param device whose connections they are @param limit connections that may be open at once */
export type MakePool = (device: number, limit: number) => RequestPool;

/** Methods whose requests have a body, if only an empty one (RFC 9110, 8.6). */
export function announcesBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
